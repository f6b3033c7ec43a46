"""Losses and weights that are not finite end a run in one sentence, and what was saved before stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.faults.killing import digest_of
from tests.helpers.small_models import joint_model, phase
from tests.helpers.tiny_run import tiny_recipe, write_people
from textreid.errors import InputError, ModelError
from textreid.models.folder import save_model
from textreid.recipe import SamplerRecipe
from textreid.training.from_recipe import train

WILD = {"image_rate": 1e30, "text_rate": 1e30, "head_rate": 1e30}
ONE_BATCH = SamplerRecipe(identities=6, images=2)


@pytest.mark.parametrize(
    ("wild", "said"),
    [
        (
            phase(**WILD),
            r"step 2, in stages\[1\], 'phase', the vectors of the model are not finite \(losses: itc",
        ),
        (
            {"name": "locked", "batch": 4, **WILD},
            r"step \d, in stages\[1\], 'locked', the loss 'texts' is nan",
        ),
    ],
    ids=["in the last step", "in the middle"],
)
def test_the_state_and_the_model_before_stay(tmp_path: Path, wild: dict[str, Any], said: str) -> None:
    write_people(tmp_path)
    recipe = replace(tiny_recipe(tmp_path, [phase(), wild]), sampler=ONE_BATCH, noise=None, accumulate=1)
    run = tmp_path / "run"
    with pytest.raises(
        InputError,
        match=f"{said}.*; learning rates: .*head_rate [0-9.]*e.*Nothing of it is saved: lower the rates",
    ):
        train(recipe, run)
    left = [digest_of(run / "model"), (run / "state.pt").read_bytes(), (run / "best.json").read_bytes()]
    with pytest.raises(InputError, match=said):
        train(recipe, run)
    assert left == [
        digest_of(run / "model"),
        (run / "state.pt").read_bytes(),
        (run / "best.json").read_bytes(),
    ]


def test_such_a_model_is_not_stored(tmp_path: Path) -> None:
    model, processor = joint_model()
    model.image_projection.weight.data[1, 2] = float("nan")
    with pytest.raises(ModelError, match=r"'image_projection\.weight' is not finite"):
        save_model(model, processor, tmp_path / "model")
    assert not any(tmp_path.iterdir())
