from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.official_layouts import caption, write_cuhk_pedes, write_market1501
from tests.helpers.toy import ToyEncoder, draw_person
from textreid.data import datasets
from textreid.errors import InputError, ModelError, UnknownNameError
from textreid.evaluate.domains import SOURCES, domain
from textreid.evaluate.groups import GROUPS
from textreid.evaluate.methods import Methods
from textreid.evaluate.suite import Model, load_suite, suite_names
from textreid.evaluate.suite_run import run_suite

SUITE = """
description = "two data sets"

[[measure]]
dataset = "cuhk-pedes"
directions = ["image_to_text"]
by = ["source"]

[[measure]]
dataset = "market1501"
methods = { k_reciprocal = true, expand = 2 }

[[models]]
name = "first"
trained_on = ["cuhk-pedes"]

[[models]]
name = "second"
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(SUITE)
    return str(path)


@pytest.fixture
def root(tmp_path):
    write_cuhk_pedes(tmp_path, [(person, "test", [caption(person)]) for person in (1, 2, 3)])
    write_market1501(tmp_path, ["0001_c1", "0002_c2"], ["0001_c2", "0002_c1"])
    return tmp_path


def test_every_model_on_every_data_set(file, root):
    rows = list(run_suite(load_suite(file), root, ToyEncoder))
    assert [(row.model.name, row.measure.dataset, row.domain) for row in rows] == [
        ("first", "cuhk-pedes", "same"),
        ("first", "market1501", "overlap"),
        ("second", "cuhk-pedes", "unknown"),
        ("second", "market1501", "unknown"),
    ]
    first, second = (row.evaluation for row in rows[:2])
    assert list(first.directions) == ["image_to_text"]
    assert list(first.parts["image_to_text"]) == ["source"]
    assert second.methods.names == ["query expansion (top 2, alpha 3)", "k-reciprocal re-ranking"]
    assert rows[1].to_dict()["domain"] == "overlap"
    assert rows[1].to_dict()["image_to_image"]["R1"] == 100


def test_models_of_ones_own(file, tmp_path):
    run = tmp_path / "run"
    (run / "model").mkdir(parents=True)
    (run / "recipe.json").write_text(json.dumps({"data": [{"name": "synthetic"}, {"name": "market1501"}]}))
    suite = load_suite(file, ["pocket", str(run / "model")])
    assert suite.models == (Model("pocket"), Model(str(run / "model"), ("synthetic", "market1501")))
    (run / "log.jsonl").touch()
    assert load_suite(file, [str(run)]).models == suite.models[1:]


def test_a_data_set_that_is_not_there_leaves_a_row_that_says_so(file, tmp_path):
    write_market1501(tmp_path, ["0001_c1"], ["0001_c2"])
    rows = list(run_suite(load_suite(file, ["only"]), tmp_path, ToyEncoder))
    assert [row.evaluation is None for row in rows] == [True, False]
    assert "reid_raw.json" in rows[0].missing
    assert rows[0].to_dict()["missing"] == rows[0].missing


def test_no_data_at_all_is_an_error(file, tmp_path):
    with pytest.raises(InputError, match="No data set of the suite can be read"):
        list(run_suite(load_suite(file), tmp_path / "nowhere", ToyEncoder))


class Wordless(ToyEncoder):
    def encode_texts(self, texts, *, batch_size=64):
        raise ModelError("reads no text")


def test_what_one_data_set_lacks_costs_no_other(file, root):
    first, second = run_suite(load_suite(file, ["only"]), root, Wordless)
    assert (first.evaluation, first.missing) == (None, "reads no text")
    assert second.evaluation is not None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("image_to_text", "image_to_words", "Did you mean 'image_to_text'"),
        ('"source"', '"sauce"', "Did you mean 'source'"),
    ],
)
def test_what_cannot_be_measured_is_said_before_any_model_is_loaded(file, root, old, new, message):
    path = Path(file)
    path.write_text(path.read_text().replace(old, new))
    loaded = []
    with pytest.raises((InputError, UnknownNameError), match=message):
        list(run_suite(load_suite(file), root, loaded.append))
    assert not loaded


@pytest.mark.parametrize(
    ("trained_on", "dataset", "expected"),
    [
        ([], "market1501", "unknown"),
        (["market1501"], "market1501", "same"),
        (["cuhk-pedes"], "market1501", "overlap"),
        (["market1501"], "cuhk-pedes", "overlap"),
        (["cuhk03-np-detected"], "cuhk03-classic-labeled", "overlap"),
        (["icfg-pedes"], "rstpreid", "overlap"),  # both are of MSMT17
        (["cuhk-pedes", "synthetic"], "icfg-pedes", "cross"),
        (["market1501"], "dukemtmc-reid", "cross"),
    ],
)
def test_domains(trained_on, dataset, expected):
    assert domain(trained_on, dataset) == expected


def test_domains_name_data_sets_that_there_are():
    assert set(SOURCES) <= set(datasets.names())


@pytest.mark.parametrize("name", suite_names())
def test_built_in_suites_name_what_there_is(name):
    suite = load_suite(name)
    assert suite.description
    assert suite.name == name
    for measure in suite.measure:
        assert measure.dataset in datasets.names()
        assert set(measure.by) <= set(GROUPS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("measure = 3", "measure"),
        ("[[measure]]\ndatasett = 'cuhk-pedes'", "Did you mean 'dataset'"),
        ("[[measure]", "not valid TOML"),
        ("description = 'nothing'", "missing measure"),
        ("measure = [3]", "measure"),
        ("[[measure]]\ndataset = 'cuhk-pedes'\nmethods = 3", "methods"),
        ('description = "\\u0000"', "stands for no character"),
        ("measure = " + 100 * "[" + 100 * "]", "nests more than"),
        ("measure = 1" + 5000 * "0", "larger than"),
    ],
)
def test_a_broken_suite_is_refused(tmp_path, text, message):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises((InputError, UnknownNameError), match=message):
        load_suite(str(path))


@pytest.mark.parametrize("name", ["~nobody-of-this-name/mine.toml", 300 * "x" + ".toml", "a\0.toml"])
def test_a_path_that_no_file_has_is_refused(name):
    with pytest.raises(InputError):
        load_suite(name)


def test_an_unknown_suite_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'text'"):
        load_suite("texts")


def test_a_damaged_recipe_is_named(file, tmp_path):
    (tmp_path / "recipe.json").write_text("[]")
    with pytest.raises(InputError, match="not the recipe of a training run"):
        load_suite(file, [str(tmp_path / "model")])


def test_a_suite_of_version_0_1_says_how_it_is_spelled_now(file, capsys):
    path = Path(file)
    path.write_text(SUITE.replace("k_reciprocal = true, expand = 2", "match = 64"))
    assert load_suite(file).measure[1].methods == Methods(rerank=64)
    assert capsys.readouterr().err == "note: match is now rerank.\n"


@pytest.mark.parametrize("value", ["true", "false"])
def test_the_old_spelling_of_k_reciprocal_reranking_is_refused_and_not_guessed(file, value):
    path = Path(file)
    path.write_text(SUITE.replace("k_reciprocal = true", f"rerank = {value}"))
    with pytest.raises(InputError, match="--k-reciprocal, or k_reciprocal = true"):
        load_suite(file)


OWN = """
[[measure]]
dataset = "cuhk-pedes"
directions = ["image_to_text"]

[[measure]]
dataset = "folder"
root = "{root}/table"
"""


@pytest.fixture
def own(root):
    """A suite of a table whose images lie in a folder beside it."""
    (root / "table").mkdir()
    (root / "images").mkdir()
    rows = []
    for person in range(2):
        for camera in range(2):
            name = f"{person}{camera}.png"
            draw_person("red", "blue").save(root / "images" / name)
            split = "query" if camera else "gallery"
            rows.append(json.dumps({"image": name, "person": person + 1, "camera": camera, "split": split}))
    (root / "table" / "people.jsonl").write_text("\n".join(rows))
    path = root / "own.toml"
    path.write_text(OWN.format(root=root))
    return path


def test_images_of_a_table_lie_where_the_command_says(own, root):
    rows = list(run_suite(load_suite(str(own)), root, ToyEncoder, image_folder=str(root / "images")))
    assert [bool(row.evaluation) for row in rows] == [True, True]


def test_images_of_a_table_lie_where_the_suite_says(own, root):
    own.write_text(own.read_text() + f'image_folder = "{root / "images"}"\n')
    rows = list(run_suite(load_suite(str(own)), root, ToyEncoder, image_folder="elsewhere"))
    assert [bool(row.evaluation) for row in rows] == [True, True]


def test_an_image_folder_that_nothing_has_is_refused(file, root):
    with pytest.raises(InputError, match="leave it out for cuhk-pedes, market1501"):
        list(run_suite(load_suite(file), root, ToyEncoder, image_folder=str(root)))
