"""The matcher's own training: its loss, the wrong hits it learns from, a whole run, killed and resumed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.metrics import log_loss
from torch import Tensor

from tests.small_models import short_run, small_recipe
from textreid.benchmark import Benchmark
from textreid.config import MatchingRecipe, Recipe
from textreid.encode import Encoder
from textreid.errors import InputError
from textreid.evaluate import Methods, evaluate
from textreid.matcher_training import match_loss, wrong_hits
from textreid.rescore import FIRST
from textreid.train import StepReport, train


def unit(rows: int, seed: int) -> Tensor:
    made = torch.randn(rows, 6, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(made, dim=1)


def test_loss_against_scikit_learn() -> None:
    logits = 2 * torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    trust = torch.tensor([1.0, 0.4, 0.0, 1.0, 0.6])
    losses = []
    for row in logits.double():
        chosen = log_loss([0], [row.softmax(0).tolist()], labels=[0, 1, 2, 3])
        odds = row.sigmoid().numpy()
        alone = 2 * log_loss([1, 0, 0, 0], odds, sample_weight=[1, *[1 / 3] * 3], labels=[0, 1])
        losses.append(chosen + alone)
    assert match_loss(logits, trust).item() == pytest.approx(np.average(losses, weights=trust), abs=1e-5)


def test_nobody_trusted_is_no_loss() -> None:
    assert match_loss(torch.randn(3, 4), torch.zeros(3)).item() == 0


@pytest.mark.parametrize("nearest", [1, 5, 1000])
def test_wrong_hits_against_a_loop(nearest: int) -> None:
    """More sentences than are compared at once; two pictures of unknown people are each somebody else."""
    sentences, pictures = unit(600, 1), unit(12, 2)
    labels = torch.tensor([0, 0, 1, 1, 2, 2, 2, 3, 3, 4, -1, -1])
    own = torch.randint(12, (600,), generator=torch.Generator().manual_seed(3))
    found = wrong_hits(sentences, pictures, own, labels, nearest)
    assert found.shape == (600, min(nearest, 9))  # person 2 has three pictures, and nine are of others
    for sentence, mine, hits in zip(sentences, own.tolist(), found.tolist(), strict=True):
        others = [n for n in range(12) if n != mine and (labels[n] < 0 or labels[n] != labels[mine])]
        order = sorted(others, key=lambda n: -float(sentence @ pictures[n]))
        assert hits == order[: found.shape[1]]


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    short = short_run(small_recipe(hubs=4, matcher={"width": 16, "heads": 2, "say": 0.1}))
    matching = MatchingRecipe(epochs=3, nearest=20, wrong=3, sentences=16, rate=3e-3)
    return replace(short, matching=matching)


class TestRun:
    @pytest.fixture(scope="class")
    @staticmethod
    def finished(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
        """The folder of a run, and what it said."""
        out, said = tmp_path_factory.mktemp("run"), list[str]()
        train(recipe, out, say=said.append)
        return out, said

    @pytest.fixture(scope="class")
    @staticmethod
    def untaught(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
        out = tmp_path_factory.mktemp("untaught")
        train(replace(recipe, matching=None), out)
        return out

    def test_only_the_matcher_learns(self, finished: tuple[Path, list[str]], untaught: Path) -> None:
        before, after = (load_file(out / "model" / "model.safetensors") for out in (untaught, finished[0]))
        assert before.keys() == after.keys()
        changed = {name for name in before if not torch.equal(before[name], after[name])}
        assert changed == {name for name in before if name.startswith("matcher.")}

    def test_the_pictures_are_gone_afterwards(self, finished: tuple[Path, list[str]]) -> None:
        assert [path.name for path in (finished[0] / "matcher").iterdir()] == ["state.pt"]

    def test_what_it_adds_is_measured(self, finished: tuple[Path, list[str]]) -> None:
        out, said = finished
        best = json.loads((out / "best.json").read_text())["matched"]["synthetic val"]
        benchmark = Benchmark.read("cuhk-pedes", next((out / "data").iterdir()), "val")
        measured = evaluate(
            Encoder.load(out / "model", device="cpu"),
            benchmark,
            methods=Methods(match=FIRST),
            directions=["text_to_image"],
        )
        assert measured.directions["text_to_image"].percent == best
        assert said[-1].startswith(f"first {FIRST} put into order by the matcher: synthetic val R@1")

    def test_a_finished_run_is_left_alone(self, recipe: Recipe, finished: tuple[Path, list[str]]) -> None:
        weights = finished[0] / "model" / "model.safetensors"
        before, said = weights.stat().st_mtime_ns, list[str]()
        train(recipe, finished[0], say=said.append)
        assert weights.stat().st_mtime_ns == before
        assert not said

    @pytest.mark.parametrize("stage", ["pictures, view 2 of 2", "Captions", "matcher"])
    def test_a_killed_run_ends_the_same(
        self,
        recipe: Recipe,
        finished: tuple[Path, list[str]],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        stage: str,
    ) -> None:
        monkeypatch.setattr("textreid.matcher_training.STATE_SECONDS", 0)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, tmp_path, report=stop_at(stage))
        train(recipe, tmp_path)
        ended, expected = (load_file(out / "model" / "model.safetensors") for out in (tmp_path, finished[0]))
        assert all(torch.equal(ended[name], expected[name]) for name in expected)


def stop_at(stage: str) -> Callable[[StepReport], None]:
    """Interrupts where half of a stage is done."""

    def report(step: StepReport) -> None:
        if step.stage == stage and 2 * step.step >= step.steps:
            raise KeyboardInterrupt

    return report


def test_a_matcher_is_learned_at_all(recipe: Recipe, tmp_path: Path) -> None:
    """Taught long enough, it tells the right picture from the wrong ones of its own training."""
    losses: list[float] = []

    def report(step: StepReport) -> None:
        losses.extend(step.terms.values() if step.stage == "matcher" else ())

    phases = (replace(recipe.phases[0], epochs=12),)
    matching = MatchingRecipe(epochs=40, nearest=20, wrong=3, sentences=16, rate=3e-3)
    longer = replace(recipe, val=(), phases=phases, matching=matching)
    train(longer, tmp_path, report=report)
    assert np.mean(losses[-10:]) < 0.75 * np.mean(losses[:10])


def test_without_a_matcher_there_is_nobody_to_teach(recipe: Recipe, tmp_path: Path) -> None:
    alone = replace(recipe, model=replace(recipe.model, matcher=None))
    with pytest.raises(InputError, match=r"\[model\.matcher\]"):
        train(alone, tmp_path)
