"""Domain-guided dropout: what a number is worth, how often it is drawn, and who loses which."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.helpers.batches import batch_of
from tests.helpers.recorder import Interrupt, Recorder, after
from tests.helpers.small_models import phase, small_recipe
from textreid.errors import InputError, UnknownNameError
from textreid.recipe import DataRecipe, Recipe, SamplerRecipe
from textreid.synthetic import write_cuhk_pedes
from textreid.training.from_recipe import train
from textreid.training.stages.domain_dropout import DropoutTask, impact, keep_probabilities, useful
from textreid.training.stages.phase import PhaseTask
from textreid.types import Encoded, Features


def test_worked_example() -> None:
    """T = .136536, so that the number that helps most is drawn nine times of ten."""
    scores = torch.tensor([0.3, -0.1, 0.15])
    expected = torch.tensor([0.9, 0.3247, 0.75])
    torch.testing.assert_close(keep_probabilities(scores), expected, atol=1e-4, rtol=0)
    assert useful(scores).tolist() == [1, 0, 1]


def test_a_number_that_helps_nobody_is_kept_if_none_helps() -> None:
    scores = torch.tensor([-0.3, 0.0])
    assert useful(scores).tolist() == keep_probabilities(scores).tolist() == [1, 1]


def test_what_a_linear_loss_gains_is_known() -> None:
    """Of L = mean of w · g, leaving number i out takes w_i times its mean away."""
    random = torch.Generator().manual_seed(0)
    vectors, weights = torch.randn(6, 4, generator=random), torch.randn(4, generator=random)
    found = impact(lambda rows: (rows @ weights).mean(), vectors)
    torch.testing.assert_close(found, -vectors.mean(dim=0) * weights)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """Two data sets, and a phase before."""
    root = tmp_path_factory.mktemp("data")
    write_cuhk_pedes(root, identities=8, images_per_identity=2, split=(1.0, 0.0, 0.0))
    data = DataRecipe("cuhk-pedes", root=str(root))
    return Recipe(
        model=small_recipe(reads_text=False),
        data=(data, data),
        sampler=SamplerRecipe(identities=4, images=2),
        loss={"identification": {"neck": False}},
        stages=(phase(), dropout()),
        workers=0,
    )


def dropout(**options: Any) -> dict[str, Any]:
    return phase(epochs=2) | {"name": "domain_dropout", "deterministic": 1, "images": 8} | options


@pytest.fixture(scope="module")
def whole(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Recorder]:
    """A run that nobody ended."""
    out, reporter = tmp_path_factory.mktemp("whole"), Recorder()
    train(recipe, out, reporter=reporter)
    return out, reporter


def test_it_says_how_much_helps_each_data_set(whole: tuple[Path, Recorder]) -> None:
    _, reporter = whole
    said = [line for line in reporter.notes if line.endswith("of 32 numbers help")]
    assert len(said) == 2
    assert all(line.startswith("cuhk-pedes: ") for line in said)


def test_an_interrupted_stage_ends_with_the_same_bits(
    recipe: Recipe, whole: tuple[Path, Recorder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What helps is found once, from the model as it was when the stage began."""
    monkeypatch.setattr("textreid.training.loop.STATE_SECONDS", -1)
    out, steps = whole[0], len(whole[1].steps)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path, reporter=Interrupt(after(steps - 2)))
    reporter = Recorder()
    resumed = load_file(train(recipe, tmp_path, reporter=reporter) / "model.safetensors")
    expected = load_file(out / "model" / "model.safetensors")
    assert all(torch.equal(expected[name], weight) for name, weight in resumed.items())
    assert not any("numbers help" in line for line in reporter.notes)


@pytest.mark.parametrize("training", [True, False])
def test_each_data_set_loses_its_own_numbers_in_training_alone(
    training: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Images of data set 0 keep the first number alone, those of 1 the second."""
    vectors = 1 + torch.rand(3, 2)
    monkeypatch.setattr(PhaseTask, "encode", lambda self, batch: Encoded(Features(vectors)))
    task = DropoutTask.__new__(DropoutTask)
    torch.nn.Module.__init__(task)
    task.train = lambda mode=True: task  # no model to put into another mode
    task.training, task.keep = training, torch.eye(2)
    batch = replace(batch_of([0, 1, 2]), domains=torch.tensor([0, 1, 0]))
    found = task.encode(batch).image.pooled
    kept = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]) if training else torch.ones(3, 2)
    torch.testing.assert_close(found, vectors * kept)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stages": (dropout(),)}, "follows a phase"),
        ({"loss": {"triplet": {}}}, r"\[loss\.identification\]"),
        ({"data": (DataRecipe("cuhk-pedes"),)}, "several data sets"),
        ({"stages": (phase(), dropout(sure=0.4))}, "above 0.5"),
    ],
)
def test_what_it_needs_is_said_before_anything_is_trained(
    recipe: Recipe, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        train(replace(recipe, **changes), tmp_path)


def test_a_source_that_does_not_exist_is_named(recipe: Recipe, tmp_path: Path) -> None:
    data = (*recipe.data, replace(recipe.data[0], sources=("synthetik",)))
    with pytest.raises(UnknownNameError, match=r"called 'synthetik'. Did you mean 'synthetic'"):
        train(replace(recipe, data=data), tmp_path)
