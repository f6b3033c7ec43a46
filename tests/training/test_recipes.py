"""Every recipe trains: two steps with towers of a few kilobytes on drawn people; its model searches."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import timm
import torch
from PIL import Image
from timm.models import save_for_hf

from tests.helpers.small_models import write_clip, write_joint
from textreid.inference.encoder import Encoder
from textreid.recipe import load_recipe, recipe_names, with_root
from textreid.synthetic import write_cuhk_pedes, write_market1501
from textreid.training.progress import StepReport
from textreid.training.train import train

PEOPLE = 16  # half of them are for training in Market-1501
TINY_SCRATCH = ["model.init=scratch", "model.image_backbone=test_efficientnet", "model.text_layers=2"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn people in the official layouts."""
    root = tmp_path_factory.mktemp("data")
    write_cuhk_pedes(root, identities=PEOPLE - 4, images_per_identity=2, seed=0)
    market = write_market1501(root, identities=PEOPLE, images_per_identity=2, seed=0)
    scipy.io.savemat(market / "market_attribute.mat", {"market_attribute": {"train": attributes()}})
    return root


def attributes() -> dict[str, np.ndarray]:
    """A part of the authors' annotation file: columns of 1 and 2, one row a person."""
    colours = [f"up{name}" for name in ("black", "white", "red", "purple", "yellow", "gray", "blue", "green")]
    plain = ["backpack", "bag", "handbag", "clothes", "down", "up", "hair", "hat", "gender"]
    lower = ("black", "white", "pink", "purple", "yellow", "gray", "blue", "green", "brown")
    columns = {
        name: np.array([[1 + (number * person + person) % 2 for person in range(PEOPLE)]], np.uint8)
        for number, name in enumerate([*plain, "age"])
    }
    for names in (colours, [f"down{name}" for name in lower]):
        for number, name in enumerate(names):
            worn = [[2 if person % len(names) == number else 1 for person in range(PEOPLE)]]
            columns[name] = np.array(worn, np.uint8)
    people = [f"{person + 1:04}" for person in range(PEOPLE)]
    return columns | {"image_index": np.array([people], dtype=object)}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP, a ResNet and a joint model, each in the layout that the real ones have on the hub."""
    hub = tmp_path_factory.mktemp("hub")
    write_clip(hub / "clip")
    write_joint(hub / "joint")
    torch.manual_seed(0)
    save_for_hf(timm.create_model("test_resnet"), hub / "resnet", safe_serialization=True)
    return hub


def tiny(name: str, hub: Path) -> list[str]:
    """What exchanges a recipe's towers and sizes for the smallest that have all of its parts."""
    recipe = load_recipe(name)
    model = recipe.model
    changes = [
        "workers=0",
        "precision=fp32",
        "sampler.identities=4",
        f"sampler.images={min(2, recipe.sampler.images)}",
    ]
    if "clip" in model.init:
        changes.append(f"model.init={hub / 'clip'}")
    elif model.init.startswith("runs/"):
        changes.append(f"model.init={hub / 'joint'}")
    elif model.image_init == "scratch":
        changes.append("model.image_backbone=osnet_x0_25")
    elif model.image_init:
        changes += [f"model.image_init={hub / 'resnet'}", "model.projection_dim=96"]
    else:
        changes += [*TINY_SCRATCH, "model.text_width=64", "model.vocabulary=200", "model.projection_dim=32"]
    if model.text_layers_to_keep:
        changes.append("model.text_layers_to_keep=[0, 1]")
    for number, data in enumerate(recipe.data):
        if data.name == "synthetic":
            changes += [f"data.{number}.identities={PEOPLE - 4}", f"data.{number}.images=2"]
    if any(val.name == "synthetic" for val in recipe.val):
        changes += [f"val.identities={PEOPLE}", "val.images=2"]
    epochs = 2 if recipe.noise else 1
    for number, _ in enumerate(recipe.phases):
        changes += [f"phases.{number}.epochs={epochs}", f"phases.{number}.image_size=[64, 32]"]
    return changes


@pytest.mark.parametrize("name", recipe_names())
def test_recipe_trains_and_its_model_searches(name: str, root: Path, hub: Path, tmp_path: Path) -> None:
    recipe = with_root(load_recipe(name, tiny(name, hub)), root)
    reports: list[StepReport] = []
    folder = train(recipe, tmp_path / "run", report=reports.append)
    assert len(reports) >= 2
    assert set(reports[0].terms) == set(recipe.loss)
    assert all(np.isfinite(list(report.terms.values())).all() for report in reports)
    encoder = Encoder.load(folder, device="cpu")
    image = encoder.encode_images([Image.new("RGB", (40, 90), "red")])
    assert image.shape == (1, encoder.info.dim)
    if recipe.model.reads_text:
        assert (image @ encoder.encode_texts(["a man in a red coat"]).T).shape == (1, 1)
    config = json.loads((folder / "config.json").read_text())
    assert config["branches"].keys() == recipe.model.branches.keys()


@pytest.mark.parametrize("name", recipe_names())
def test_recipe_says_what_it_is(name: str) -> None:
    description = load_recipe(name).description
    assert description.endswith(".")
    assert len(description) > 40
