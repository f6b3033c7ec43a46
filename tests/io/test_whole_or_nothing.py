"""Whatever call a writer is killed before, what it writes is there whole: the new one, or the old one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from tests.helpers.calibrated import SCALE
from tests.helpers.faults.killing import assert_one_or_the_other, forking_pool, outcomes
from tests.helpers.small_models import small_recipe, write_joint
from tests.helpers.toy_gallery import TOY, fill, people
from textreid.catalog import find_model, fingerprint
from textreid.errors import UnknownNameError
from textreid.inference.calibration import Calibration
from textreid.inference.onnx_export import export_model
from textreid.io.run_folder import RunFolder
from textreid.models.folder import load_whole, save_model
from textreid.models.joint import JointModel
from textreid.models.pretrained.joint import start_model
from textreid.models.processor import JointProcessor
from textreid.recipe import DataRecipe, Recipe
from textreid.training.checkpoint import read_state, restore, save_state, settle
from textreid.training.progress import RunState
from textreid.training.stage import read_stages
from textreid_index import Gallery


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with forking_pool() as pool:
        yield pool


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The folders of two small models."""
    folder = tmp_path_factory.mktemp("models")
    return [write_joint(folder / name, seed=seed) for seed, name in enumerate(["old", "new"])]


def save_again(source: Path, place: Path) -> None:
    model: JointModel = load_whole(JointModel, source)
    save_model(model, JointProcessor.from_pretrained(source), place / "model")


def read_model(place: Path) -> float:
    """The sum of the model's weights; 0 where there is none."""
    try:
        _, folder = find_model(str(place / "model"))
    except UnknownNameError:
        return 0.0
    JointProcessor.from_pretrained(folder)
    return total(folder)


def total(folder: Path) -> float:
    model: JointModel = load_whole(JointModel, folder)
    return sum(parameter.sum().item() for parameter in model.parameters())


@pytest.mark.parametrize("old", [False, True], ids=["new", "replaced"])
def test_a_model(pool: ProcessPoolExecutor, models: list[Path], tmp_path: Path, old: bool) -> None:
    prepare = partial(save_again, models[0]) if old else None
    found = outcomes(pool, partial(save_again, models[1]), read_model, tmp_path, prepare)
    assert_one_or_the_other([one.left for one in found], total(models[0]) if old else 0.0, total(models[1]))
    calls = {one.before for one in found}
    assert {"os.rename", "os.fsync"} <= calls
    assert ("shutil.rmtree" in calls) == old


def export_gallery(place: Path) -> None:
    records = people(3)
    with Gallery.open(place / "gallery", create=True) as gallery:
        fill(gallery, records)
        gallery.export(place / "out")


def read_gallery_export(place: Path) -> list[str]:
    """The ids that the export names; [] where there is none."""
    if not (place / "out").exists():
        return []
    lines = (place / "out" / "records.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert np.load(place / "out" / "vectors.npy").shape == (len(rows), TOY.dim)
    assert all((place / "out" / row["thumbnail"]).read_bytes() for row in rows)
    return [row["id"] for row in rows]


def test_an_export_of_a_gallery(pool: ProcessPoolExecutor, tmp_path: Path) -> None:
    found = outcomes(pool, export_gallery, read_gallery_export, tmp_path)
    assert_one_or_the_other([one.left for one in found], [], [record.id for record in people(3)])


def export_onnx(model: Path, place: Path) -> None:
    export_model(str(model), place / "out")


def read_onnx(place: Path) -> str:
    """The fingerprint in the export; "" where there is none."""
    if not (place / "out").exists():
        return ""
    about = json.loads((place / "out" / "export.json").read_text(encoding="utf-8"))
    onnxruntime.InferenceSession(place / "out" / about["image"]["file"])
    return about["fingerprint"]


def test_an_export_to_onnx(pool: ProcessPoolExecutor, tmp_path: Path) -> None:
    model = tmp_path / "model"
    save_model(*start_model(small_recipe(reads_text=False), (64, 32), []), model)
    found = outcomes(pool, partial(export_onnx, model), read_onnx, tmp_path)
    assert_one_or_the_other([one.left for one in found], "", fingerprint(model))


STAGES = ({"name": "hubness"},)
RECIPES = [
    Recipe(data=(DataRecipe("synthetic"),), stages=STAGES, description=text) for text in ("old", "new")
]


def fill_run(recipe: int, model: Path, place: Path) -> None:
    """What a run writes: its recipe, its state, the best epoch, the model."""
    folder, value = RunFolder(place), recipe + 1
    settle(RECIPES[recipe], RunFolder(place))
    save_state(RunFolder(place), RunState(steps=value), {"part": torch.nn.Linear(2, 2)})
    folder.write_best({"epoch": value})
    save_again(model, place)


def read_run(place: Path) -> tuple[str, int, int, float]:
    folder = RunFolder(place)
    recipe = json.loads(folder.recipe.read_text())["description"] if folder.recipe.exists() else ""
    stages = read_stages(RECIPES[0])
    steps = read_state(folder, stages).steps
    if folder.state.exists():
        restore(folder, stages, {"part": torch.nn.Linear(2, 2)})
    return recipe, steps, folder.read_best().get("epoch", 0), read_model(place)


@pytest.mark.parametrize("old", [False, True], ids=["new", "replaced"])
def test_a_run_folder(pool: ProcessPoolExecutor, models: list[Path], tmp_path: Path, old: bool) -> None:
    prepare = partial(fill_run, 0, models[0]) if old else None
    found = outcomes(pool, partial(fill_run, 1, models[1]), read_run, tmp_path, prepare)
    before = ("old", 1, 1, total(models[0])) if old else ("", 0, 0, 0.0)
    after = ("new", 2, 2, total(models[1]))
    for part in range(len(after)):
        assert_one_or_the_other([one.left[part] for one in found], before[part], after[part])


def calibrate(slope: float, place: Path) -> None:
    Calibration("toy-1", text=replace(SCALE, slope=slope)).write(place)


def read_calibration(place: Path) -> float:
    """The slope; 0 where there is none."""
    found = Calibration.read(place, "toy-1")
    return found.text.slope if found is not None and found.text is not None else 0.0


@pytest.mark.parametrize("old", [False, True], ids=["new", "replaced"])
def test_a_calibration(pool: ProcessPoolExecutor, tmp_path: Path, old: bool) -> None:
    prepare = partial(calibrate, 1.0) if old else None
    found = outcomes(pool, partial(calibrate, 2.0), read_calibration, tmp_path, prepare)
    assert_one_or_the_other([one.left for one in found], 1.0 if old else 0.0, 2.0)
