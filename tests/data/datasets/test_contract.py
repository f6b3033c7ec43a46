"""What every official data set promises, on a tiny folder in its layout."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.helpers.official_layouts import LAYOUTS
from tests.helpers.toy import ToyEncoder
from textreid.data import datasets
from textreid.errors import AnnotationError, InputError, UnknownNameError
from textreid.evaluate import evaluate
from textreid.evaluate.benchmark import Benchmark

TRAINING = ("train", "val", "trainval")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Name -> the root that holds the data set's folder, and that folder."""
    roots = {name: tmp_path_factory.mktemp(name) for name in LAYOUTS}
    return {name: (root, LAYOUTS[name](root)) for name, root in roots.items()}


each_dataset = pytest.mark.parametrize("name", LAYOUTS)


def test_every_official_data_set_is_here():
    official = [name for name in datasets.names() if datasets.published_counts(name)]
    assert official == sorted(LAYOUTS)
    assert not any(name.startswith("-") for name in datasets.names())


@each_dataset
def test_crops_are_unique_files_of_the_split_that_was_asked_for(name, written):
    root, folder = written[name]
    for split in datasets.splits(name):
        crops = datasets.load(name, root, split)
        assert len({crop.id for crop in crops}) == len(crops) > 0
        assert {crop.split for crop in crops} == {split.partition("_")[0]}
        assert all(crop.image.is_file() and crop.image.is_relative_to(folder) for crop in crops)
        assert all(isinstance(crop.person_id, int) for crop in crops)


OF_OTHERS = pytest.mark.parametrize("name", [name for name in LAYOUTS if not datasets.closed(name)])


@OF_OTHERS
def test_nobody_is_trained_on_and_tested_with(name, written):
    root, _ = written[name]
    persons: dict[str, dict[str, set[int | None]]] = {}
    for split in datasets.splits(name):
        part, _, trial = split.partition("_")
        side = "training" if part in TRAINING and (part != "val" or name == "msmt17") else part
        found = {crop.person_id for crop in datasets.load(name, root, split)}
        persons.setdefault(trial, {}).setdefault(side, set()).update(found)
    for sides in persons.values():
        training = sides.pop("training")
        assert all(training.isdisjoint(tested) for tested in sides.values())


@pytest.mark.parametrize("name", sorted(set(LAYOUTS) - set(OF_OTHERS.args[1])))
def test_the_same_classes_are_trained_on_and_tested_with_where_it_says_so(name, written):
    root, _ = written[name]
    train, test = (datasets.load(name, root, split) for split in ("train", "test"))
    assert {crop.person_id for crop in train} == {crop.person_id for crop in test}
    assert {crop.id for crop in train}.isdisjoint(crop.id for crop in test)
    assert Benchmark.read(name, root).leave_one_out


@OF_OTHERS
def test_a_data_set_is_searched_by_captions_or_by_another_camera(name, written):
    root, _ = written[name]
    benchmark = Benchmark.read(name, root)
    if not benchmark.queries:
        assert all(crop.captions and crop.camera_id is None for crop in benchmark.gallery)
        return
    for query in benchmark.queries:
        same = [crop for crop in benchmark.gallery if crop.person_id == query.person_id]
        assert any(crop.camera_id != query.camera_id for crop in same)
    assert all(isinstance(crop.camera_id, int) for crop in (*benchmark.queries, *benchmark.gallery))


@each_dataset
def test_root_may_be_the_folder_itself(name, written):
    root, folder = written[name]
    assert datasets.load(name, folder, "train") == datasets.load(name, root, "train")


@each_dataset
def test_missing_data_says_what_was_expected_and_where_it_comes_from(name, tmp_path):
    with pytest.raises(InputError, match=r"(?s)No .* data at .*expected '.+' in .*(authors|Get the data)"):
        datasets.load(name, tmp_path, "train")


@each_dataset
def test_an_unknown_split_is_refused(name, written):
    with pytest.raises(UnknownNameError, match=rf"no split of {name} called 'tset'"):
        datasets.load(name, written[name][0], "tset")


SPOILED = {
    "cuhk-pedes": ("reid_raw.json", '[{"file_path": ""}]', "row 0, key 'file_path'"),
    "icfg-pedes": ("ICFG-PEDES.json", '[{"file_path": "a.jpg", "id": "0"}]', "row 0, key 'id'"),
    "rstpreid": ("data_captions.json", '[{"file_path": "a.jpg"}]', "row 0, key 'img_path'"),
    "ufine6926": ("annotations.json", '[{"file_path": "a.jpg", "id": 1, "split": "val"}]', "key 'split'"),
    "market1501": ("bounding_box_train/0001_c2_f0046182.jpg", "", "0001_c2_f0046182.jpg: expected a name"),
    "dukemtmc-reid": ("bounding_box_train/0002_c1s1_000451_03.jpg", "", "000451_03.jpg: expected a name"),
    "cuhk03-np-labeled": ("labeled/bounding_box_train/0001_c3_1.png", "", "0001_c3_1.png: expected a name"),
    "cuhk03-np-detected": (
        "detected/bounding_box_train/1_001_1_01.png",
        "",
        "1_001_1_01.png: expected a name",
    ),
    "msmt17": ("list_train.txt", "0000/0000_000_01_a_0.jpg", "list_train.txt, row 0: expected a line"),
    "cub200": ("image_class_labels.txt", "1 one", "image_class_labels.txt gives image 1"),
    "viper": ("cam_b/0001_45.bmp", "", "0001_45.bmp: expected a name"),
    "cuhk01": ("campus/0001005.png", "", "0001005.png: expected a name"),
    "cuhk01-100": ("campus/person.png", "", "person.png: expected a name"),
    "cuhk03-classic-labeled": ("images_labeled/6_001_1_01.png", "", "6_001_1_01.png: expected a name"),
    "cuhk03-classic-detected": (
        "splits_classic_detected.json",
        '[{"query": [["1_001_1_01.png", 0, 0], ["0003_c1_1.png", 1, 0]]}]',
        "test set 1, row 1, key 'query'",
    ),
}


@each_dataset
def test_what_is_malformed_is_named(name, written, tmp_path):
    root, folder = written[name]
    copy = tmp_path / folder.relative_to(root)
    shutil.copytree(folder, copy)
    place, text, message = SPOILED[name]
    (copy / place).write_text(text)
    with pytest.raises(AnnotationError) as caught:
        datasets.load(name, tmp_path, "train")
    assert Path(place).name in str(caught.value)
    assert message in str(caught.value)


DRAWN = [name for name in LAYOUTS if not datasets.single_shot(name)]


@pytest.mark.parametrize("name", DRAWN)
def test_its_protocol_finds_everybody_whose_colours_are_known(name, written):
    evaluation = evaluate(ToyEncoder(), Benchmark.read(name, written[name][0]))
    assert {result.percent["R1"] for result in evaluation.directions.values()} == {100}
    searches = {"text_to_image", "image_to_text"} if not evaluation.benchmark.queries else {"image_to_image"}
    assert set(evaluation.directions) == searches


@pytest.mark.parametrize("name", DRAWN)
def test_a_part_of_the_data_is_not_the_published_split(name, written):
    differences = Benchmark.read(name, written[name][0]).differences
    assert differences
    assert all(" instead of " in text for text in differences)


@pytest.mark.parametrize("name", sorted(set(LAYOUTS) - set(DRAWN)))
def test_whole_data_are_the_published_split_in_every_trial(name, written):
    root, _ = written[name]
    trials = [split.replace("query", "test") for split in datasets.splits(name) if split.startswith("query")]
    assert len(trials) == (20 if name.startswith("cuhk03") else 10)
    read = [Benchmark.read(name, root, trial) for trial in trials]
    assert all(benchmark.single_shot for benchmark in read)
    assert all(benchmark.differences == [] for benchmark in read)
    assert len({benchmark.gallery for benchmark in read}) == len(trials)
    with pytest.raises(UnknownNameError, match="split to evaluate"):
        Benchmark.read(name, root, "test_21")
