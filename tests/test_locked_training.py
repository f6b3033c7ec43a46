"""Training against all pictures: its losses, the wrong hits it learns from, a whole run, killed, resumed."""

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
from textreid.config import LockedRecipe, Recipe
from textreid.encode import Encoder
from textreid.errors import InputError
from textreid.evaluate import Methods, evaluate
from textreid.locked_training import contrast, match_loss, same_person, wrong_hits
from textreid.rescore import FIRST
from textreid.train import StepReport, train

LABELS = torch.tensor([0, 0, 1, 1, 2, 2, 2, 3, 3, 4, -1, -1])
"""Of twelve pictures; two are of unknown people, each somebody else."""


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def is_same(mine: int, other: int) -> bool:
    return mine == other or (LABELS[mine] >= 0 and bool(LABELS[mine] == LABELS[other]))


def test_match_loss_against_scikit_learn() -> None:
    logits = 2 * drawn(5, 4, seed=0)
    trust = torch.tensor([1.0, 0.4, 0.0, 1.0, 0.6])
    losses = []
    for row in logits.double():
        chosen = log_loss([0], [row.softmax(0).tolist()], labels=[0, 1, 2, 3])
        odds = row.sigmoid().numpy()
        alone = 2 * log_loss([1, 0, 0, 0], odds, sample_weight=[1, *[1 / 3] * 3], labels=[0, 1])
        losses.append(chosen + alone)
    assert match_loss(logits, trust).item() == pytest.approx(np.average(losses, weights=trust), abs=1e-5)


@pytest.mark.parametrize("person", [0.0, 0.3, 1.0])
def test_contrast_against_scikit_learn(person: float) -> None:
    """A choice that is right in several ways is a row for each of them, weighed by how right it is."""
    logits, own = 2 * drawn(6, 12, seed=1), torch.tensor([0, 1, 5, 9, 10, 2])
    trust = torch.tensor([1.0, 0.4, 0.0, 1.0, 0.6, 0.5])
    losses = []
    for row, mine in zip(logits.double(), own.tolist(), strict=True):
        fellows = [n for n in range(12) if is_same(mine, n)]
        right = [*fellows, mine]
        weights = [*[person / len(fellows)] * len(fellows), 1 - person]
        chances = [row.softmax(0).tolist()] * len(right)
        losses.append(log_loss(right, chances, sample_weight=weights, labels=list(range(12))))
    loss = contrast(logits, own, same_person(own, LABELS), trust, person=person)
    assert loss.item() == pytest.approx(np.average(losses, weights=trust), abs=1e-5)


def test_nobody_trusted_is_no_loss() -> None:
    assert match_loss(torch.randn(3, 4), torch.zeros(3)).item() == 0
    own = torch.tensor([0, 1, 2])
    same = same_person(own, torch.tensor([0, 1, 2, 3]))
    assert contrast(torch.randn(3, 4), own, same, torch.zeros(3), person=0.3).item() == 0


@pytest.mark.parametrize("nearest", [1, 5, 1000])
def test_wrong_hits_are_among_the_nearest_of_a_sort(nearest: int) -> None:
    cosines = drawn(40, 12, seed=2)
    own = torch.randint(12, (40,), generator=torch.Generator().manual_seed(3))
    found = wrong_hits(cosines, same_person(own, LABELS), nearest=nearest, count=200)
    assert found.shape == (40, 200)
    for row, mine, hits in zip(cosines, own.tolist(), found.tolist(), strict=True):
        others = sorted((n for n in range(12) if not is_same(mine, n)), key=lambda n: -float(row[n]))
        usable = min(nearest, 9)  # person 2 has three pictures, and nine are of others
        assert set(hits) == set(others[:usable])


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    short = short_run(small_recipe(hubs=4, matcher={"width": 16, "heads": 2, "say": 0.1}))
    locked = LockedRecipe(epochs=3, sentences=16, text_rate=1e-3, head_rate=3e-3, nearest=20, wrong=3)
    return replace(short, locked=locked, average=0.9)


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
    def before(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
        out = tmp_path_factory.mktemp("before")
        train(replace(recipe, locked=None), out)
        return out

    def test_pictures_stay_where_they_are(self, finished: tuple[Path, list[str]], before: Path) -> None:
        old, new = (load_file(out / "model" / "model.safetensors") for out in (before, finished[0]))
        assert old.keys() == new.keys()
        changed = {name.partition(".")[0] for name in old if not torch.equal(old[name], new[name])}
        assert changed == {"text_tower", "text_projection", "matcher", "hubs"}

    def test_the_pictures_are_gone_afterwards(self, finished: tuple[Path, list[str]]) -> None:
        assert [path.name for path in (finished[0] / "locked").iterdir()] == ["state.pt"]

    @pytest.mark.parametrize(
        ("kind", "match", "begins"),
        [
            ("val", 0, "vectors of the finished model: synthetic val R@1"),
            ("matched", FIRST, f"first {FIRST} put into order by the matcher: synthetic val R@1"),
        ],
    )
    def test_the_finished_model_is_measured(
        self, finished: tuple[Path, list[str]], kind: str, match: int, begins: str
    ) -> None:
        out, said = finished
        best = json.loads((out / "best.json").read_text())[kind]["synthetic val"]
        benchmark = Benchmark.read("cuhk-pedes", next((out / "data").iterdir()), "val")
        measured = evaluate(
            Encoder.load(out / "model", device="cpu"),
            benchmark,
            methods=Methods(match=match),
            directions=["text_to_image"],
        )
        assert measured.directions["text_to_image"].percent == best
        assert sum(line.startswith(begins) for line in said) == 1

    def test_a_finished_run_is_left_alone(self, recipe: Recipe, finished: tuple[Path, list[str]]) -> None:
        weights = finished[0] / "model" / "model.safetensors"
        before, said = weights.stat().st_mtime_ns, list[str]()
        train(recipe, finished[0], say=said.append)
        assert weights.stat().st_mtime_ns == before
        assert not said

    @pytest.mark.parametrize("stage", ["pictures, view 2 of 2", "image tower locked"])
    def test_a_killed_run_ends_the_same(
        self,
        recipe: Recipe,
        finished: tuple[Path, list[str]],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        stage: str,
    ) -> None:
        monkeypatch.setattr("textreid.locked_training.STATE_SECONDS", 0)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, tmp_path, report=stop_at(stage))
        train(recipe, tmp_path)
        ended, expected = (load_file(out / "model" / "model.safetensors") for out in (tmp_path, finished[0]))
        assert all(torch.equal(ended[name], expected[name]) for name in expected)


def test_a_loss_that_is_no_number_ends_the_run(recipe: Recipe, tmp_path: Path) -> None:
    wild = replace(recipe, val=(), locked=LockedRecipe(epochs=9, text_rate=1e30, head_rate=1e30))
    with pytest.raises(InputError, match=r"not finite.*\[locked\]"):
        train(wild, tmp_path)


def stop_at(stage: str) -> Callable[[StepReport], None]:
    """Interrupts where half of a stage is done."""

    def report(step: StepReport) -> None:
        if step.stage == stage and 2 * step.step >= step.steps:
            raise KeyboardInterrupt

    return report


@pytest.fixture(scope="module")
def long(recipe: Recipe) -> Recipe:
    """Long enough to learn."""
    locked = LockedRecipe(epochs=60, sentences=16, text_rate=1e-2, head_rate=1e-2, nearest=20, wrong=3)
    return replace(recipe, val=(), phases=(replace(recipe.phases[0], epochs=12),), locked=locked)


def test_sentences_and_the_matcher_learn(long: Recipe, tmp_path: Path) -> None:
    """Both tell the right picture from the wrong ones of their own training."""
    losses: list[dict[str, float]] = []

    def report(step: StepReport) -> None:
        if step.stage == "image tower locked":
            losses.append(step.terms)

    train(long, tmp_path, report=report)
    for name in ("sentences", "matching"):
        values = [terms[name] for terms in losses]
        assert np.mean(values[-10:]) < 0.75 * np.mean(values[:10])


def test_without_a_matcher_sentences_learn_alone(recipe: Recipe, tmp_path: Path) -> None:
    """And of the pictures only vectors are kept."""
    terms: list[set[str]] = []
    sizes: list[int] = []

    def report(step: StepReport) -> None:
        if step.stage == "image tower locked":
            terms.append(set(step.terms))
            sizes.append((tmp_path / "locked" / "pictures" / "tokens.f16").stat().st_size)

    alone = replace(recipe, model=replace(recipe.model, matcher=None), val=())
    train(alone, tmp_path, report=report)
    assert terms
    assert all(names == {"sentences"} for names in terms)
    assert set(sizes) == {0}


def test_a_model_of_pictures_alone_is_refused(recipe: Recipe, tmp_path: Path) -> None:
    model = replace(recipe.model, reads_text=False, matcher=None, hubs=0)
    with pytest.raises(InputError, match=r"\[locked\]"):
        train(replace(recipe, model=model), tmp_path)
