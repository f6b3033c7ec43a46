"""The objective: a weighted sum that reports each term."""

from __future__ import annotations

import pytest
import torch

from tests.helpers.batches import batch_of, random_pairs
from textreid import losses
from textreid.errors import UnknownNameError
from textreid.losses import Sizes
from textreid.training.objective import Objective

LABELS = [0, 0, 1, 1, 2, 2]


def test_total_is_the_weighted_sum_of_the_terms() -> None:
    torch.manual_seed(0)
    objective = Objective({"sdm": {"weight": 2.0}, "triplet": {"weight": 0.5}}, {"global": Sizes(8, 3)})
    report = objective(random_pairs(6), batch_of(LABELS))
    assert report.total.item() == pytest.approx(
        2 * report.terms["sdm"].item() + report.terms["triplet"].item() / 2
    )


def test_terms_are_what_each_loss_says() -> None:
    objective = Objective({"sdm": {"temperature": 0.1}, "triplet": {"margin": 0.4}}, {"global": Sizes(8, 3)})
    report = objective(random_pairs(6), batch_of(LABELS))
    for name, options in (("sdm", {"temperature": 0.1}), ("triplet", {"margin": 0.4})):
        alone = losses.create(name, options, Sizes(8, 3))[1]
        torch.testing.assert_close(report.terms[name], alone(random_pairs(6), batch_of(LABELS)).detach())


def test_total_has_a_graph_and_the_terms_have_none() -> None:
    pairs = random_pairs(6)
    report = Objective({"sdm": {}, "identification": {}}, {"global": Sizes(8, 3)})(pairs, batch_of(LABELS))
    report.total.backward()
    assert pairs.image.pooled.grad is not None
    assert not any(term.requires_grad for term in report.terms.values())


def test_only_losses_with_weights_of_their_own_add_parameters() -> None:
    assert not list(Objective({"sdm": {}, "triplet": {}}, {"global": Sizes(8, 3)}).parameters())
    names = {
        name for name, _ in Objective({"identification": {}}, {"global": Sizes(8, 3)}).named_parameters()
    }
    assert "terms.identification.classifiers.0.weight" in names


def test_unknown_loss() -> None:
    with pytest.raises(UnknownNameError, match=r"no loss called 'smd'\. Did you mean 'sdm'"):
        Objective({"smd": {}}, {"global": Sizes(8, 3)})
