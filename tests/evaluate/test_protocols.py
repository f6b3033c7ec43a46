from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.official_layouts import CLOTHES, caption, write_cuhk_pedes, write_market1501
from tests.helpers.toy import ToyEncoder, draw_person
from textreid.errors import AnnotationError, InputError, ModelError, UnknownNameError
from textreid.evaluate import Evaluation, Methods, evaluate
from textreid.evaluate.benchmark import Benchmark


def measure(dataset: str, root: Path, split: str = "test", **options) -> Evaluation:
    return evaluate(ToyEncoder(), Benchmark.read(dataset, root, split), **options)


@pytest.fixture
def cuhk_pedes(tmp_path: Path) -> Path:
    rows = [(person, "test", [caption(person), caption(person)]) for person in (1, 1, 2, 3)]
    write_cuhk_pedes(tmp_path, [*rows, (4, "val", [caption(4)])])
    return tmp_path


@pytest.fixture
def market1501(tmp_path: Path) -> Path:
    query = ["0001_c1", "0002_c2"]
    gallery = ["-1_c3", "0000_c1", "0001_c1", "0001_c2", "0002_c1", "0002_c2", "0003_c1"]
    write_market1501(tmp_path, query, gallery)
    return tmp_path


def test_cuhk_pedes_both_ways(cuhk_pedes):
    result = measure("cuhk-pedes", cuhk_pedes).to_dict()
    assert (result["dataset"], result["split"], result["model"]) == ("cuhk-pedes", "test", "toy")
    assert result["counts"] == {"images": 4, "captions": 8, "persons": 3}
    for direction, queries, gallery in (("text_to_image", 8, 4), ("image_to_text", 4, 8)):
        assert result[direction]["R1"] == result[direction]["mAP"] == result[direction]["mINP"] == 100
        assert (result[direction]["queries"], result[direction]["gallery"]) == (queries, gallery)


def test_a_wrong_caption_costs_exactly_its_share(tmp_path):
    """Caption of 2 on an image of 1: it finds person 2 first, its own two images at ranks 2 and 3."""
    rows = [(1, "test", [caption(2)]), (1, "test", [caption(1)]), (2, "test", [caption(2)])]
    write_cuhk_pedes(tmp_path, rows)
    forward = measure("cuhk-pedes", tmp_path).directions["text_to_image"].percent
    assert forward["R1"] == pytest.approx(100 * 2 / 3)
    assert forward["mAP"] == pytest.approx(100 * ((1 / 2 + 2 / 3) / 2 + 1 + 1) / 3)
    assert forward["mINP"] == pytest.approx(100 * (2 / 3 + 1 + 1) / 3)


def test_market1501_drops_junk_and_keeps_distractors(market1501):
    result = measure("market1501", market1501)
    assert result.benchmark.counts == {"queries": 2, "gallery": 6, "persons": 2, "distractors": 1, "junk": 1}
    measured = result.directions["image_to_image"]
    assert (measured.queries, measured.gallery, measured.skipped) == (2, 6, 0)
    assert measured.percent["R1"] == measured.percent["mAP"] == 100


def test_market1501_query_only_seen_by_its_own_camera_is_skipped(tmp_path):
    write_market1501(tmp_path, ["0001_c1", "0002_c1"], ["0001_c1", "0002_c2"])
    measured = measure("market1501", tmp_path).directions["image_to_image"]
    assert (measured.queries, measured.skipped) == (1, 1)


def test_distractors_that_look_alike_come_before_the_right_answer(tmp_path):
    """Person 1 looks like nobody in the gallery but like three training images, which stand behind it."""
    folder = write_market1501(tmp_path, ["0001_c1", "0002_c2"], ["0001_c2", "0002_c1"])
    (folder / "bounding_box_train").mkdir()
    for number in range(3):
        draw_person(*CLOTHES[1]).save(folder / "bounding_box_train" / f"0007_c{number + 1}s1_000000_00.jpg")
    draw_person(*CLOTHES[3]).save(folder / "bounding_box_test" / "0001_c2s1_000000_00.jpg")
    plain = Benchmark.read("market1501", tmp_path)
    result = evaluate(ToyEncoder(), plain.with_distractors("train"))
    measured = result.directions["image_to_image"]
    assert (measured.queries, measured.gallery) == (2, 5)
    assert measured.percent["R1"] == 50
    assert measured.percent["mAP"] < evaluate(ToyEncoder(), plain).directions["image_to_image"].percent["mAP"]
    assert result.to_dict()["distractors"] == "train"


def test_reranking_adds_the_result_without_it(market1501):
    plain = measure("market1501", market1501).to_dict()
    both = measure("market1501", market1501, methods=Methods(k_reciprocal=True)).to_dict()
    assert both["plain"]["image_to_image"] == plain["image_to_image"]
    assert both["image_to_image"]["R1"] == 100
    assert "plain" not in plain


def test_root_may_be_the_folder_itself(cuhk_pedes):
    inside = measure("cuhk-pedes", cuhk_pedes / "CUHK-PEDES")
    assert inside == measure("cuhk-pedes", cuhk_pedes)


def test_splits_are_kept_apart(cuhk_pedes):
    assert measure("cuhk-pedes", cuhk_pedes, split="val").benchmark.counts["images"] == 1


def test_batches_give_the_same_result_and_progress(cuhk_pedes, monkeypatch):
    whole = measure("cuhk-pedes", cuhk_pedes)
    monkeypatch.setattr("textreid.evaluate.encoding.BATCH", 3)
    told: list[tuple[str, int, int]] = []
    assert measure("cuhk-pedes", cuhk_pedes, progress=lambda *step: told.append(step)) == whole
    images, captions = [("Images", 3, 4), ("Images", 4, 4)], [("Captions", n, 8) for n in (3, 6, 8)]
    assert told == images + captions


def test_a_model_of_images_alone_says_so_before_it_reads_them(cuhk_pedes):
    class ImagesAlone(ToyEncoder):
        def encode_texts(self, texts):
            raise ModelError("reads no text")

    told: list[tuple[str, int, int]] = []
    with pytest.raises(ModelError, match="reads no text"):
        evaluate(
            ImagesAlone(),
            Benchmark.read("cuhk-pedes", cuhk_pedes, "test"),
            progress=lambda *step: told.append(step),
        )
    assert told == []


def test_every_unreadable_image_is_named_and_nothing_is_measured(cuhk_pedes):
    images = cuhk_pedes / "CUHK-PEDES" / "imgs" / "cam_a"
    (images / "0000.png").write_bytes((images / "0000.png").read_bytes()[:60])
    (images / "0002.png").unlink()
    with pytest.raises(InputError, match="2 of 4 images cannot be read") as caught:
        measure("cuhk-pedes", cuhk_pedes)
    assert "0000.png" in str(caught.value)
    assert "0002.png: there is no such file" in str(caught.value)


def test_a_long_list_of_unreadable_images_is_cut(tmp_path):
    write_cuhk_pedes(tmp_path, [(1, "test", [caption(1)])] * 25)
    for image in (tmp_path / "CUHK-PEDES" / "imgs" / "cam_a").iterdir():
        image.unlink()
    with pytest.raises(InputError) as caught:
        measure("cuhk-pedes", tmp_path)
    assert str(caught.value).endswith("\nand 5 more")


def test_missing_data_says_where_it_was_expected(tmp_path):
    with pytest.raises(InputError, match=r"expected 'reid_raw\.json' in .*CUHK-PEDES.*Request the data"):
        measure("cuhk-pedes", tmp_path)


@pytest.mark.parametrize(
    ("dataset", "options", "message"),
    [
        ("cuhk-pede", {}, "Did you mean 'cuhk-pedes'"),
        ("cuhk-pedes", {"split": "tset"}, "Did you mean 'test'"),
        ("market1501", {"split": "val"}, "split to evaluate of market1501 called 'val'"),
    ],
)
def test_unknown_names_offer_the_nearest(cuhk_pedes, dataset, options, message):
    with pytest.raises(UnknownNameError, match=message):
        measure(dataset, cuhk_pedes, **options)


def test_a_malformed_row_is_named(cuhk_pedes):
    path = cuhk_pedes / "CUHK-PEDES" / "reid_raw.json"
    rows = json.loads(path.read_text())
    rows[2]["captions"] = "not a list"
    path.write_text(json.dumps(rows))
    with pytest.raises(AnnotationError, match=r"reid_raw\.json, row 2, key 'captions'"):
        measure("cuhk-pedes", cuhk_pedes)


def test_images_reach_the_encoder_upright(tmp_path):
    folder = write_cuhk_pedes(tmp_path, [(1, "test", [caption(1)]), (2, "test", [caption(2)])])
    exif = Image.Exif()
    exif[0x0112] = 3  # stored upside down
    draw_person(*CLOTHES[1]).rotate(180).save(folder / "imgs" / "cam_a" / "0000.png", exif=exif)
    assert measure("cuhk-pedes", tmp_path).directions["text_to_image"].percent["R1"] == 100


def test_market_protocol_equals_loops_over_files(tmp_path):
    """Many files, checked against a walk over the file names that shares no code with the protocol."""
    draw = np.random.default_rng(0)
    names = sorted({f"{draw.integers(1, 5):04}_c{draw.integers(1, 4)}" for _ in range(40)})
    gallery = [name for name in names for _ in range(draw.integers(1, 4))]
    write_market1501(tmp_path, names, gallery)
    measured = measure("market1501", tmp_path).directions["image_to_image"]
    with_answer = [
        query
        for query in names
        if any(other[:4] == query[:4] and other[5:] != query[5:] for other in gallery)
    ]
    assert measured.queries == len(with_answer)
    assert measured.percent["R1"] == 100
