"""Stages that adapt a model to data without labels: ends, resumes, and what they say of themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.helpers.recorder import Interrupt, Recorder, after
from tests.helpers.small_models import phase, small_recipe
from textreid.data.training_set import read_training_set
from textreid.errors import InputError
from textreid.recipe import DataRecipe, Recipe, SamplerRecipe
from textreid.synthetic import write_cuhk_pedes, write_market1501
from textreid.training.from_recipe import train
from textreid.training.stages.cluster_contrast import cluster_means, moved

RATES = {"image_rate": 1e-3, "head_rate": 1e-3}
STAGES: dict[str, dict[str, Any]] = {
    "adda": {"epochs": 2, "batch": 4, "hidden": 8},
    "pul": {"rounds": 2, "passes": 1, "clusters": 3, "sure": 0.0, "batch": 4},
    "cluster_contrast": {"epochs": 2, "identities": 2, "images": 2, "least": 2, "neighbours": 2},
}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """A phase on some people; others are the target."""
    root = tmp_path_factory.mktemp("data")
    write_cuhk_pedes(root, identities=6, images_per_identity=2, split=(1.0, 0.0, 0.0))
    write_market1501(root, identities=8, images_per_identity=4, seed=1)
    return Recipe(
        model=small_recipe(reads_text=False),
        data=(
            DataRecipe("cuhk-pedes", root=str(root)),
            DataRecipe("market1501", root=str(root), labels=False),
        ),
        sampler=SamplerRecipe(identities=4, images=2),
        loss={"identification": {}},
        stages=(phase(),),
        workers=0,
    )


def of(recipe: Recipe, name: str, **options: Any) -> Recipe:
    return replace(recipe, stages=(phase(), {"name": name, **RATES, **STAGES[name], **options}))


@pytest.fixture(scope="module")
def runs(
    recipe: Recipe, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[dict[str, torch.Tensor], Recorder, Path]]:
    """What each stage leaves, and what it said."""
    found = {}
    for name in STAGES:
        out, reporter = tmp_path_factory.mktemp(name), Recorder()
        model = train(of(recipe, name), out, reporter=reporter)
        found[name] = load_file(model / "model.safetensors"), reporter, out
    return found


def test_nobody_of_the_target_is_known(recipe: Recipe, tmp_path: Path) -> None:
    data = read_training_set(recipe.data, tmp_path, reads_text=False)
    known = {label for label, source in zip(data.labels, data.domains, strict=True) if source == 1}
    assert known == {-1}
    assert data.classes == 6
    alone = read_training_set(recipe.data[1:], tmp_path, reads_text=False)
    assert alone.classes == 0


def test_images_of_nobody_known_join_the_batches_of_a_phase(recipe: Recipe, tmp_path: Path) -> None:
    """Two of the target beside eight of the source; the queue of `oim` fills with them."""
    sampler = replace(recipe.sampler, unknown=2)
    train(replace(recipe, sampler=sampler, loss={"oim": {"queue": 64}}), tmp_path)
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert state["task"]["objective.terms.oim.queued"] == 2 * state["run"]["steps"]
    with pytest.raises(InputError, match="labels = false"):
        train(replace(recipe, sampler=sampler, data=recipe.data[:1]), tmp_path / "other")


@pytest.mark.parametrize("name", STAGES)
def test_an_interrupted_stage_ends_with_the_same_bits(
    recipe: Recipe, runs: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    whole, reporter, _ = runs[name]
    monkeypatch.setattr("textreid.training.loop.STATE_SECONDS", -1)
    own = [n for n, step in enumerate(reporter.steps) if step.terms and not step.title.startswith("phase")]
    with pytest.raises(KeyboardInterrupt):
        train(of(recipe, name), tmp_path, reporter=Interrupt(after(own[len(own) // 2] + 1)))
    resumed = load_file(train(of(recipe, name), tmp_path) / "model.safetensors")
    assert all(torch.equal(whole[part], resumed[part]) for part in whole)


@pytest.mark.parametrize("name", STAGES)
def test_the_image_tower_learns(recipe: Recipe, runs: dict[str, Any], tmp_path: Path, name: str) -> None:
    before = load_file(train(recipe, tmp_path) / "model.safetensors")
    after_stage = runs[name][0]
    changed = {part.partition(".")[0] for part in before if not torch.equal(before[part], after_stage[part])}
    assert "image_tower" in changed


@pytest.mark.parametrize("name", ["pul", "cluster_contrast"])
def test_each_round_says_how_many_crops_are_in_how_pure_clusters(runs: dict[str, Any], name: str) -> None:
    _, reporter, out = runs[name]
    said = [line for line in reporter.notes if "crops in" in line]
    assert len(said) == 2
    assert all("% show whom most of their cluster show" in line for line in said)
    rows = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    rounds = [row for row in rows if row["kind"] == "clusters"]
    assert [row["epoch"] for row in rounds] == [0, 1]
    assert all(0 < row["purity"] <= 1 and 0 < row["selected"] <= 1 for row in rounds)


def test_the_encoder_of_the_source_stays_byte_for_byte(recipe: Recipe, tmp_path: Path) -> None:
    """Whatever the target's encoder learns."""
    from textreid.training.stages import adda

    seen = {}

    class Watched(adda.AddaTask):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            seen["task"] = self
            seen["before"] = {n: w.clone() for n, w in self.fixed[0].state_dict().items()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adda, "AddaTask", Watched)
        train(of(recipe, "adda"), tmp_path)
    task = seen["task"]
    assert all(torch.equal(seen["before"][n], w) for n, w in task.fixed[0].state_dict().items())
    assert not any(name.startswith("fixed") for name in task.state_dict())
    learned = task.model.state_dict()
    assert any(not torch.equal(seen["before"][n], learned[n]) for n in learned if n.endswith("weight"))


def test_pul_begins_every_round_with_the_first_weights(recipe: Recipe, tmp_path: Path) -> None:
    """The paper fine-tunes the network that it began with, so that what was wrong is not kept."""
    from textreid.training.stages import pul

    seen = []

    class Watched(pul.PulTask):
        def _begin_round(self, epoch: int) -> None:
            super()._begin_round(epoch)
            same = all(torch.equal(self.start[n], w) for n, w in self.model.state_dict().items())
            seen.append((epoch, same, dict(self.run.parts["optimizer"].state)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pul, "PulTask", Watched)
        train(of(recipe, "pul"), tmp_path)
    assert seen == [(0, True, {}), (1, True, {})]


def test_a_memory_moves_towards_each_crop_in_order() -> None:
    """With m = .1: two crops of cluster 0, one after the other; cluster 1 stays."""
    memory = torch.eye(2)
    found = moved(memory, torch.tensor([[0.0, 1.0], [0.6, 0.8]]), torch.tensor([0, 0]), 0.1)
    first = torch.nn.functional.normalize(torch.tensor([0.1, 0.9]), dim=0)
    second = torch.nn.functional.normalize(0.1 * first + 0.9 * torch.tensor([0.6, 0.8]), dim=0)
    torch.testing.assert_close(found, torch.stack([second, memory[1]]))
    assert torch.equal(memory, torch.eye(2))


def test_a_memory_begins_at_the_mean_direction_of_its_crops() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(5, 3), dim=1).numpy()
    found = cluster_means(vectors, [1, 0, -1, 1, 0])
    for cluster, rows in enumerate(((1, 4), (0, 3))):
        mean = vectors[list(rows)].sum(axis=0)
        assert torch.allclose(torch.from_numpy(found[cluster]), torch.from_numpy(mean / (mean @ mean) ** 0.5))


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("fault", ["no target", "texts"])
def test_what_a_stage_needs_is_said_before_anything_is_trained(
    recipe: Recipe, tmp_path: Path, name: str, fault: str
) -> None:
    wrong, message = {
        "no target": (replace(of(recipe, name), data=recipe.data[:1]), "labels = false"),
        "texts": (replace(of(recipe, name), model=small_recipe()), "reads_text = false"),
    }[fault]
    with pytest.raises(InputError, match=message):
        train(wrong, tmp_path)


def test_a_bound_that_nothing_reaches_is_said_with_another(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"pul selects crops of \d clusters.*--set stages\.1\.sure=0\.80"):
        train(of(recipe, "pul", sure=1.0), tmp_path)
