"""Numbers as spreadsheets write them, paths as Windows does, and files that end differently."""

from __future__ import annotations

import json

import pytest

from tests.helpers.official_layouts import write_cuhk_pedes, write_market1501
from tests.helpers.toy import draw_person
from textreid.cli import application
from textreid.data import datasets
from textreid.data.tools.doctor import examine
from textreid.data.tools.parquet import read_splits
from textreid.errors import AnnotationError
from textreid.evaluate.answers import caveats
from textreid.evaluate.benchmark import Benchmark


@pytest.fixture
def spreadsheet(tmp_path):
    """Every second number with ".0", as pandas writes a column with an empty cell."""
    lines = ["image,person,camera,split"]
    people = ("13", "13.0", "-1.0", "0.0", "7", "anna")
    for number, person in enumerate(people):
        draw_person("red", "blue", (20 + number, 60)).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{person},{1 + number % 2}.0,gallery")
    (tmp_path / "people.csv").write_text("\n".join(lines))
    return tmp_path


def test_a_whole_number_with_a_fraction_of_nothing_is_that_number(spreadsheet):
    crops = datasets.load("folder", spreadsheet, "gallery")
    assert [crop.person_id for crop in crops] == [13, 13, -1, 0, 7, 14]
    assert [crop.camera_id for crop in crops] == [1, 2, 1, 2, 1, 2]


def test_two_spellings_of_one_number_are_a_finding(spreadsheet):
    remarks = datasets.remarks("folder", spreadsheet)
    assert remarks == ["Names that are one number are taken for one person: '13' = '13.0'."]
    found = examine(read_splits("folder", spreadsheet), remarks=remarks)
    assert remarks[0] in [finding.what for finding in found if finding.severity == "warning"]


@pytest.mark.parametrize("key", ["person", "camera"])
@pytest.mark.parametrize("value", ["13.5", "1e3", ".25", "-2.75"])
def test_a_number_that_is_not_whole_is_refused_by_row_and_key(spreadsheet, key, value):
    table = spreadsheet / "people.csv"
    cells = {"person": "8", "camera": "1"} | {key: value}
    table.write_text(f"image,person,camera,split\n0.png,{cells['person']},{cells['camera']},gallery")
    with pytest.raises(AnnotationError, match=rf"row 2, key '{key}': expected a whole number or a name"):
        datasets.load("folder", spreadsheet, "gallery")


def test_paths_with_backslashes_are_read_in_every_layout(tmp_path):
    write_cuhk_pedes(tmp_path, [(1, "val", ["a man in red"]), (2, "val", ["a man in blue"])])
    table = tmp_path / "CUHK-PEDES" / "reid_raw.json"
    rows = json.loads(table.read_text())
    for row in rows:
        row["file_path"] = row["file_path"].replace("/", "\\")
    table.write_text(json.dumps(rows))
    crops = datasets.load("cuhk-pedes", tmp_path, "val")
    assert all(crop.image.is_file() and "\\" not in crop.id for crop in crops)


def test_images_that_end_differently_are_read_and_other_files_named(tmp_path):
    write_market1501(tmp_path, ["0001_c1", "0002_c2"], ["0001_c2", "0002_c1"])
    gallery = tmp_path / "Market-1501-v15.09.15" / "bounding_box_test"
    first, second = sorted(gallery.glob("*.jpg"))
    draw_person("red", "blue").save(first.with_suffix(".png"))
    first.unlink()
    second.rename(second.with_suffix(".dat"))
    (gallery / "Thumbs.db").write_bytes(b"nothing")
    (gallery / "readme.txt").write_text("nothing")
    benchmark = Benchmark.read("market1501", tmp_path)
    assert [crop.image.suffix for crop in benchmark.gallery] == [".png", ".dat"]
    (sentence,) = [line for line in caveats(benchmark, ["image_to_image"]) if "passed over" in line]
    assert sentence.startswith("2 files of ")
    assert sentence.endswith("Thumbs.db, readme.txt.")


def test_images_of_ones_own_in_any_format_are_read(tmp_path):
    place = tmp_path / "gallery" / "anna"
    place.mkdir(parents=True)
    draw_person("red", "blue").save(place / "c1_1.avif")
    draw_person("red", "blue").save(place / "c2_1.image", format="png")
    (place / "c3_1.txt").write_text("nothing")
    assert [crop.camera_id for crop in datasets.load("folder", tmp_path, "gallery")] == [1, 2]
    assert any("c3_1.txt" in remark for remark in datasets.remarks("folder", tmp_path))


@pytest.fixture
def one_file_twice(tmp_path):
    """A query, and itself in the gallery by a link; the table spells the one below its folder absolutely."""
    draw_person("red", "blue").save(tmp_path / "a.png")
    draw_person("green", "black").save(tmp_path / "b.png")
    (tmp_path / "link.png").symlink_to("a.png")
    rows = [("query", str(tmp_path / "a.png"), 1), ("gallery", "link.png", 2), ("gallery", "b.png", 2)]
    table = [{"image": image, "person": 1, "camera": camera, "split": split} for split, image, camera in rows]
    (tmp_path / "people.jsonl").write_text("\n".join(map(json.dumps, table)))
    return tmp_path


def test_a_query_that_lies_in_its_gallery_by_another_path_is_fatal_and_counted(one_file_twice):
    found = examine(read_splits("folder", one_file_twice))
    assert ["1 queries lie in their own gallery" in finding.what for finding in found] == [True]
    assert found[0].severity == "fatal"
    (sentence,) = caveats(Benchmark.read("folder", one_file_twice), ["image_to_image"])
    assert sentence.startswith("1 queries lie in their own gallery")


@pytest.mark.parametrize("camera", ["1", "2"])
def test_where_every_image_searches_all_others_a_copy_is_fatal_by_whatever_camera(one_file_twice, camera):
    table = one_file_twice / "people.jsonl"
    text = table.read_text().replace('"camera": 1', f'"camera": {camera}')
    table.write_text(text.replace('"query"', '"val"').replace('"gallery"', '"val"'))
    found = examine(read_splits("folder", one_file_twice))
    assert any("lie in their own gallery" in finding.what for finding in found if finding.severity == "fatal")


@pytest.mark.parametrize("split", ["train", "gallery"])
def test_one_file_in_two_rows_by_two_paths_is_a_warning_elsewhere(one_file_twice, split):
    table = one_file_twice / "people.jsonl"
    table.write_text(table.read_text().replace('"query"', f'"{split}"').replace('"gallery"', f'"{split}"'))
    found = examine(read_splits("folder", one_file_twice))
    assert any("a.png = link.png" in finding.what for finding in found if finding.severity == "warning")


def test_a_path_that_goes_up_is_refused_by_row(one_file_twice):
    (one_file_twice / "people.csv").write_text("image,person\np/../a.png,1\n")
    (one_file_twice / "people.jsonl").unlink()
    with pytest.raises(AnnotationError, match="row 2, key 'image'"):
        datasets.load("folder", one_file_twice, "train")


def test_converting_says_what_labels_show_and_opens_nothing_that_is_not_whole(one_file_twice, capsys):
    out = one_file_twice / "out"
    rows = one_file_twice / "people.jsonl"
    rows.write_text(rows.read_text().replace('"camera": 1', '"camera": null'))
    application()(
        ["convert", "folder", "--root", str(one_file_twice), "--out", str(out)], standalone_mode=False
    )
    assert "1 of 1 images of 'query' name no camera" in " ".join(capsys.readouterr().err.split())
    write_cuhk_pedes(one_file_twice, [(1, "val", ["a man in red"]), (2, "val", ["a man in blue"])])
    gone = next((one_file_twice / "CUHK-PEDES" / "imgs").rglob("*.*"))
    gone.unlink()
    with pytest.raises(SystemExit):
        application()(
            ["convert", "cuhk-pedes", "--root", str(one_file_twice), "--out", str(one_file_twice / "no")]
        )
    assert "1 images of 'val' are missing" in " ".join(capsys.readouterr().err.split())
    assert not (one_file_twice / "no").exists()
