"""Every recipe trains: two steps with towers of a few kilobytes on drawn people; its model searches."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import timm
import torch
from PIL import Image
from timm.models import save_for_hf

from tests.helpers.recorder import Recorder
from tests.helpers.small_models import write_clip, write_joint
from tests.helpers.tiny_recipes import PEOPLE, attributes, tiny, write_samples
from textreid.inference.encoder import Encoder
from textreid.recipe import load_recipe, recipe_names, with_root
from textreid.synthetic import write_cuhk_pedes, write_market1501, write_plates
from textreid.training.from_recipe import train


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn people in the official layouts."""
    root = tmp_path_factory.mktemp("data")
    write_cuhk_pedes(root, identities=PEOPLE - 4, images_per_identity=2, seed=0)
    market = write_market1501(root, identities=PEOPLE, images_per_identity=2, seed=0)
    scipy.io.savemat(market / "market_attribute.mat", {"market_attribute": {"train": attributes()}})
    return root


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP, a ResNet and a joint model, each in the layout that the real ones have on the hub."""
    hub = tmp_path_factory.mktemp("hub")
    write_clip(hub / "clip")
    write_joint(hub / "joint")
    write_samples(hub / "samples")
    write_plates(hub, identities=6, images_per_identity=6)
    torch.manual_seed(0)
    save_for_hf(timm.create_model("test_resnet"), hub / "resnet", safe_serialization=True)
    return hub


@pytest.mark.parametrize("name", recipe_names())
def test_recipe_trains_and_its_model_searches(name: str, root: Path, hub: Path, tmp_path: Path) -> None:
    recipe = with_root(load_recipe(name, tiny(name, hub)), root)
    once = [stage | {"epochs": 1} if stage["name"] == "locked" else stage for stage in recipe.stages]
    recipe = replace(recipe, stages=tuple(once))
    reporter = Recorder()
    folder = train(recipe, tmp_path / "run", reporter=reporter)
    reports = [report for report in reporter.steps if report.terms]
    assert len(reports) >= 2
    phases = [report for report in reports if report.title.startswith("phase")]
    assert {name for report in phases for name in report.terms} == set(recipe.loss)
    assert all(np.isfinite(list(report.terms.values())).all() for report in reporter.steps)
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
