"""Every loss alone and every branch alone learns from drawn people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.batches import TIE_PEOPLE
from tests.helpers.own_people import rank_1
from tests.helpers.recorder import Recorder
from tests.helpers.small_models import phase, write_joint
from textreid import losses
from textreid.models import branches
from textreid.recipe import AugmentRecipe, DataRecipe, ModelRecipe, Recipe, SamplerRecipe, TextRecipe
from textreid.synthetic import write_cuhk_pedes
from textreid.training.from_recipe import train

PEOPLE, IMAGES = 8, 4
CHANCE = 100 / PEOPLE
OPTIONS: dict[str, dict[str, Any]] = {
    "mlm": {"layers": 1, "width": 32, "heads": 2},
    "sdm": {"temperature": 0.1},
    "verification": {"combine": "product", "dropout": 0.0},
}
"""For few people and narrow towers."""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """Without a loss, but with whatever one may need: parts, a matcher, attributes."""
    root = tmp_path_factory.mktemp("data")
    write_cuhk_pedes(root, identities=PEOPLE, images_per_identity=IMAGES, seed=0, split=(1.0, 0.0, 0.0))
    return Recipe(
        model=ModelRecipe(
            init="scratch",
            image_backbone="test_efficientnet",
            projection_dim=64,
            text_layers=1,
            text_width=32,
            vocabulary=300,
            branches={"stripes": {"count": 2, "dim": 32}},
            matcher={"width": 32, "heads": 2},
            image_matcher={"name": "gated", "width": 16, "summary": 8},
        ),
        data=(DataRecipe("cuhk-pedes", root=str(root), attributes="captions"),),
        sampler=SamplerRecipe(PEOPLE, 2),
        augment=AugmentRecipe(flip=0, pad=0, erase=0, jitter=0),
        stages=(phase(epochs=16, warmup=1),),
        workers=0,
    )


@pytest.mark.parametrize("loss", losses.names())
def test_loss_alone_learns(recipe: Recipe, tmp_path: Path, loss: str) -> None:
    """On the global vectors and on the parts of a branch, wherever it has something to learn there."""
    options = OPTIONS.get(loss, {})
    alone = replace(recipe, loss={loss: options, f"{loss}@stripes": options})
    if loss == "mlm":
        alone = replace(alone, text=TextRecipe(predict=0.3))
    if loss == "distillation":
        alone = replace(alone, teacher=str(write_joint(tmp_path / "teacher")))
    if loss == "matching":  # two layers of attention from nothing
        alone = replace(alone, stages=(phase(epochs=32, warmup=1),))
    before, after = zip(*(term for term in falls(alone, tmp_path) if term[0] > 0), strict=True)
    assert all(last < first for first, last in zip(before, after, strict=True))
    assert sum(after) < 0.9 * sum(before)
    if loss in TIE_PEOPLE:
        assert rank_1(alone, tmp_path)["cuhk-pedes"] > 2 * CHANCE


@pytest.mark.parametrize("branch", branches.names())
def test_branch_alone_learns(recipe: Recipe, tmp_path: Path, branch: str) -> None:
    """People are searched by the branch's vectors alone, and they alone have a loss."""
    model = replace(recipe.model, branches={branch: {"dim": 32}}, global_weight=0.0)
    alone = replace(recipe, model=model, loss={f"sdm@{branch}": {"temperature": 0.1}})
    ((before, after),) = falls(alone, tmp_path)
    assert after < 0.8 * before
    assert rank_1(alone, tmp_path)["cuhk-pedes"] > 2 * CHANCE


def falls(recipe: Recipe, out: Path) -> list[tuple[float, float]]:
    """Each loss at the beginning and at the end of the training, the mean of five steps."""
    reporter = Recorder()
    train(recipe, out, reporter=reporter)
    curves = np.array([list(report.terms.values()) for report in reporter.steps if report.terms])
    return list(zip(curves[:5].mean(axis=0).tolist(), curves[-5:].mean(axis=0).tolist(), strict=True))
