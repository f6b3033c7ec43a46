"""Telling right pairs from wrong ones: planted noise, a loop, and what stays as it was."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from tests.helpers.batches import batch_of
from tests.helpers.small_models import joint_model
from textreid.data.training_set import TrainingSet, read_training_set
from textreid.recipe import DataRecipe
from textreid.training.mining.noisy_pairs import (
    believed_fraction,
    filter_noisy_pairs,
    pair_losses,
    split_by_consensus,
)
from textreid.types import Batch, Features


class Planted(nn.Module):
    """A model whose vectors are the pixels and the token ids themselves; a view has every other number."""

    def encode_image(self, images: Tensor) -> Features:
        return self._features(images.flatten(1))

    def encode_text(self, ids: Tensor, mask: Tensor) -> Features:
        return self._features(ids.float())

    def _features(self, rows: Tensor) -> Features:
        return Features(rows, {"half": rows[:, None, ::2], "images only": rows[:, None]})


def planted(labels: list[int], noise: list[bool], seed: int = 0) -> Batch:
    """Images and captions of people in 40 dimensions; a noisy caption is of somebody outside the batch."""
    random = torch.Generator().manual_seed(seed)
    people = torch.randn(max(labels) + 1, 40, generator=random)[labels]
    strangers = torch.randn(len(labels), 40, generator=random)
    wrong = torch.tensor(noise)[:, None]
    images = people + 0.5 * torch.randn(people.shape, generator=random)
    texts = torch.where(wrong, strangers, people) + 0.5 * torch.randn(people.shape, generator=random)
    batch = batch_of(labels)
    return replace(batch, images=images[:, None, None], token_ids=(1000 * texts).long(), token_mask=texts * 0)


@pytest.mark.parametrize("fraction", [0.2, 0.5])
def test_planted_noise_is_found(fraction: float) -> None:
    random = np.random.default_rng(1)
    noise = random.random(400) < fraction
    batches = [planted(list(range(40)), noise[n : n + 40].tolist(), seed=n) for n in range(0, 400, 40)]
    losses = pair_losses(Planted(), batches)
    assert losses.shape[1] == 400
    for view in losses:
        assert roc_auc_score(noise, view) > 0.99
    trust = split_by_consensus(losses, seed=0)
    assert trust.dtype == np.float32
    assert (trust == ~noise).mean() > 0.97


def test_loss_of_a_pair_against_a_loop() -> None:
    labels = [0, 0, 1, 2, 3]
    batch = planted(labels, [False, True, False, False, True])
    values = pair_losses(Planted(), [batch])[0]
    images, texts = batch.images.flatten(1).double(), batch.token_ids.double()
    for n in range(5):
        others = [m for m in range(5) if labels[m] != labels[n]]
        hard_texts = smooth_maximum([cosine(images[n], texts[m]) for m in others])
        hard_images = smooth_maximum([cosine(images[m], texts[n]) for m in others])
        right = cosine(images[n], texts[n])
        expected = max(0, 0.1 + hard_texts - right) + max(0, 0.1 + hard_images - right)
        assert values[n] == pytest.approx(expected, abs=1e-5)
    assert (values > 0).tolist() == [False, True, False, False, True]


def test_worked_example() -> None:
    """The one of the documentation of `tal`: three people, one of them learned."""
    cosines = torch.tensor([[0.5, 0.45, 0.1], [0.2, 0.4, 0.38], [0.1, 0.3, 0.6]])
    rest = (1 - cosines.square().sum(1)).sqrt().diag()
    batch = replace(
        batch_of([0, 1, 2]),
        images=torch.cat([cosines, rest], dim=1)[:, None, None],
        token_ids=torch.eye(3, 6).long(),
        token_mask=torch.ones(3, 6),
    )
    np.testing.assert_allclose(pair_losses(Planted(), [batch])[0], [0.05, 0.2300008, 0], atol=1e-6)


def test_pairs_that_have_been_learned_are_all_believed() -> None:
    """However much their cosines differ: a mixture would otherwise find two heaps in them."""
    batches = [planted(list(range(40)), [n == 7] * 40, seed=n) for n in range(8)]
    losses = pair_losses(Planted(), batches)
    trust = split_by_consensus(losses, seed=0).reshape(8, 40)
    assert trust[:7].mean() > 0.98
    assert trust[7].mean() < 0.02


def cosine(a: Tensor, b: Tensor) -> float:
    return float(a @ b) / math.hypot(*a.tolist()) / math.hypot(*b.tolist())


def smooth_maximum(values: list[float]) -> float:
    return 0.015 * math.log(sum(math.exp(value / 0.015) for value in values))


def test_people_nobody_knows_are_compared_with_each_other() -> None:
    """But an image that comes twice, with two captions, is not its own wrong partner."""
    batch = replace(planted([0, 0, 0, 0], [False] * 4), labels=torch.full((4,), -1))
    assert (pair_losses(Planted(), [batch])[0] > 0).all()  # they all look alike
    twice = replace(batch, image_ids=torch.tensor([0, 0, 0, 0]))
    assert (pair_losses(Planted(), [twice])[0] == 0).all()  # nobody else to be taken for


def test_views_of_both_modalities_are_measured() -> None:
    batch = planted([0, 1, 2], [True] * 3)
    halves = replace(batch, images=batch.images[..., ::2], token_ids=batch.token_ids[:, ::2])
    np.testing.assert_allclose(
        pair_losses(Planted(), [batch])[1], pair_losses(Planted(), [halves])[0], rtol=1e-5
    )


def test_views_that_disagree_toss_a_coin() -> None:
    heap = np.concatenate([np.linspace(0, 0.1, 300), np.linspace(2, 2.1, 300)])
    other = np.concatenate([heap[:200], heap[400:], heap[200:400]])  # differ in 200 places
    trust = split_by_consensus(np.stack([heap, other]), seed=3)
    right, right_too = heap < 1, other < 1
    assert (trust[right & right_too] == 1).all()
    assert (trust[~right & ~right_too] == 0).all()
    assert 0.4 < trust[right != right_too].mean() < 0.6
    np.testing.assert_array_equal(trust, split_by_consensus(np.stack([heap, other]), seed=3))
    assert (trust != split_by_consensus(np.stack([heap, other]), seed=4)).any()


def test_pair_that_fits_extremely_well_is_right() -> None:
    """The normal distribution of the wrong heap is wide, and wins again far to the left of the right one."""
    random = np.random.default_rng(0)
    losses = np.concatenate([[-9.0], random.normal(0, 0.05, 500), random.normal(3, 3, 200)])
    assert split_by_consensus(losses[None], seed=0)[0] == 1


@pytest.mark.parametrize("losses", [[[0.3]], [[0.2, 0.2, 0.2]]])
def test_losses_that_tell_nothing_leave_all_believed(losses: list[list[float]]) -> None:
    assert (split_by_consensus(np.array(losses), seed=0) == 1).all()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> TrainingSet:
    recipe = DataRecipe("synthetic", identities=4, images=2)
    return read_training_set([recipe], tmp_path_factory.mktemp("drawn"))


def test_division_of_a_training_set(drawn: TrainingSet) -> None:
    half = replace(drawn, trust=[[0.5] * len(row) for row in drawn.trust])
    divided_whole, divided_half = (
        filter_noisy_pairs(data, *joint_model(), seed=0, size=5) for data in (drawn, half)
    )
    for row, crop in enumerate(drawn.crops):
        assert len(divided_whole.trust[row]) == len(crop.captions)
        assert set(divided_whole.trust[row]) <= {0.0, 1.0}
        assert divided_half.trust[row] == [factor / 2 for factor in divided_whole.trust[row]]
    assert {factor for row in drawn.trust for factor in row} == {1.0}
    believed = np.concatenate(divided_whole.trust)
    for before, after in ((drawn, divided_whole), (half, divided_half)):
        assert believed_fraction(before, after) == pytest.approx(believed.mean())


def test_each_pair_gets_its_own_loss(drawn: TrainingSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches come in random order; here the pairs of image 3 are those that fit badly."""
    monkeypatch.setattr(
        "textreid.training.mining.noisy_pairs.pair_losses",
        lambda model, batches: np.concatenate(
            [(batch.image_ids[batch.text_rows] == 3).float().numpy() for batch in batches]
        )[None],
    )
    trust = filter_noisy_pairs(drawn, *joint_model(), seed=0, size=3).trust
    assert [set(row) for row in trust] == [{0.0} if row == 3 else {1.0} for row in range(len(trust))]


def test_training_goes_on_as_it_was(drawn: TrainingSet) -> None:
    model, processor = joint_model()
    model.train()
    model.image_tower.eval()  # frozen statistics
    before = {name: module.training for name, module in model.named_modules()}
    statistics = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(5)
    state = torch.get_rng_state()
    filter_noisy_pairs(drawn, model, processor, seed=0)
    assert {name: module.training for name, module in model.named_modules()} == before
    assert all(torch.equal(value, statistics[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


def test_images_without_captions_are_left_alone(drawn: TrainingSet) -> None:
    crops = [replace(crop, captions=()) for crop in drawn.crops]
    silent = replace(drawn, crops=crops, trust=[[] for _ in crops])
    after = filter_noisy_pairs(silent, *joint_model(), seed=0)
    assert after.trust == silent.trust
    assert believed_fraction(silent, after) == 1
