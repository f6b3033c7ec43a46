"""The stage that draws crops of nobody: what it leaves, and that it refuses what cannot be drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.finished_run import FinishedRun
from tests.helpers.recorder import Recorder
from tests.helpers.small_models import phase
from textreid.errors import InputError
from textreid.recipe import DataRecipe, Recipe, SamplerRecipe
from textreid.training.from_recipe import train

DRAWN = {"name": "dcgan", "epochs": 1, "batch": 8, "image_size": [32, 16], "width": 4, "samples": 5}


@pytest.fixture(scope="module")
def drawn(finished: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that has drawn."""
    out = finished.share_data(tmp_path_factory.mktemp("dcgan") / "run")
    train(replace(finished.recipe, val=(), stages=(DRAWN,)), out)
    return out


def test_crops_of_nobody_lie_in_the_layout_of_ones_own_data(drawn: Path) -> None:
    files = sorted((drawn / "samples" / "-1").iterdir())
    assert [file.name for file in files] == [f"{number:05}.png" for number in range(5)]
    images = [pixels(file) for file in files]
    assert {image.shape for image in images} == {(32, 16, 3)}
    assert len({image.tobytes() for image in images}) == 5
    assert pixels(drawn / "samples.png").shape == (32 + 4, 5 * 18 + 2, 3)


def pixels(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image)


def test_the_same_command_finds_the_run_finished(finished: FinishedRun, drawn: Path) -> None:
    reporter = Recorder()
    train(replace(finished.recipe, val=(), stages=(DRAWN,)), drawn, reporter=reporter)
    assert reporter.steps == []


def with_drawn(finished: FinishedRun, drawn: Path, **changes: object) -> Recipe:
    """Identities with generated images beside them."""
    data = DataRecipe("folder", root=str(drawn / "samples"), generated=True)
    recipe = replace(
        finished.recipe,
        data=(*finished.recipe.data, data),
        val=(),
        loss={"lsro": {}, "triplet": {"pairs": "images"}},
        sampler=SamplerRecipe(identities=4, images=2, generated=3),
        stages=(phase(),),
    )
    return replace(recipe, **changes)


def test_what_was_drawn_joins_every_batch(finished: FinishedRun, drawn: Path, tmp_path: Path) -> None:
    """Eleven images a step: eight of four people and three of nobody."""
    seen = []

    def remember(self: object, images: object) -> object:
        seen.append(len(images))
        return original(self, images)

    from textreid.models.joint import JointModel

    original = JointModel.encode_image
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JointModel, "encode_image", remember)
        reporter = Recorder()
        train(with_drawn(finished, drawn), finished.share_data(tmp_path / "run"), reporter=reporter)
    assert set(seen[: len(reporter.steps)]) == {11}
    assert all(0 < report.terms["lsro"] < 100 for report in reporter.steps)


def test_table_and_number_belong_together(finished: FinishedRun, drawn: Path, tmp_path: Path) -> None:
    whole = with_drawn(finished, drawn)
    with pytest.raises(InputError, match=r"--set sampler\.generated=16"):
        train(replace(whole, sampler=replace(whole.sampler, generated=0)), tmp_path)
    with pytest.raises(InputError, match="generated = true"):
        train(replace(whole, data=finished.recipe.data), tmp_path)


def test_sides_that_cannot_be_halved_four_times(finished: FinishedRun, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"multiples of 16, such as \[128, 64\]"):
        train(replace(finished.recipe, stages=(DRAWN | {"image_size": [100, 50]},)), tmp_path)
