"""Attribute heads against closed forms and a loop."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.helpers.batches import batch_of, encoded, random_pairs
from textreid.errors import InputError
from textreid.losses import Sizes
from textreid.losses.attributes import Attributes, Config
from textreid.training.objective import Objective
from textreid.types import Batch

GROUPS = {"hat": ("no", "yes"), "coat": ("blue", "green", "red")}
Z = torch.tensor([[1.0, 2.0, 1.0, 2.0, 3.0]])  # the logits of both heads


def batch(*rows: tuple[int, int]) -> Batch:
    return replace(batch_of(list(range(len(rows)))), attributes=torch.tensor(rows))


def transparent(groups: Mapping[str, tuple[str, ...]] = GROUPS, **options: object) -> Attributes:
    """Heads whose logits are the features themselves."""
    width = sum(map(len, groups.values()))
    loss = Attributes(Config(**options), Sizes(width, 8, attributes=groups))
    torch.nn.init.eye_(loss.heads.weight)
    torch.nn.init.zeros_(loss.heads.bias)
    return loss


def test_two_heads_in_closed_form() -> None:
    """-ln softmax([1, 2])₁ = ln(1 + e⁻¹) = .3132617 and -ln softmax([1, 2, 3])₂ = .4076060, halved."""
    value = transparent()(encoded(Z), batch((1, 2)))
    assert value.item() == pytest.approx((0.3132617 + 0.4076060) / 2, abs=1e-6)


def test_missing_labels_add_nothing_and_the_groups_stay_two() -> None:
    value = transparent()(encoded(Z.repeat(3, 1)), batch((-1, 2), (-1, -1), (-1, 2)))
    assert value.item() == pytest.approx(0.4076060 / 2, abs=1e-6)


def test_nothing_known_gives_zero_with_a_graph() -> None:
    loss, pairs = transparent(), random_pairs(4, dim=5)
    value = loss(pairs, batch(*[(-1, -1)] * 4))
    value.backward()
    assert value.item() == 0
    assert not pairs.image.pooled.grad.any()
    assert all(weight.grad is not None and not weight.grad.any() for weight in loss.parameters())


@pytest.mark.parametrize("balance", ["", "exponential", "inverse"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_against_a_loop(balance: str, smoothing: float) -> None:
    torch.manual_seed(3)
    loss = Attributes(Config(balance=balance, smoothing=smoothing), Sizes(8, 8, attributes=GROUPS))
    pairs = random_pairs(40)
    rows = [(int(torch.randint(-1, 2, ())), int(torch.randint(-1, 3, ()))) for _ in range(40)]
    weight, bias = loss.heads.weight.tolist(), loss.heads.bias.tolist()
    expected = 0.0
    for at, (start, size) in enumerate(((0, 2), (2, 3))):
        labels = [row[at] for row in rows]
        known = [label for label in labels if label >= 0]
        share = [known.count(value) / len(known) for value in range(size)]
        worth = {
            "": [1.0] * size,
            "exponential": [math.exp(1 - r) for r in share],
            "inverse": [1 / (size * r) for r in share],
        }
        total = 0.0
        for vector, label in zip(pairs.image.pooled.tolist(), labels, strict=True):
            logits = [
                sum(a * b for a, b in zip(vector, weight[row], strict=True)) + bias[row]
                for row in range(start, start + size)
            ]
            log_p = [z - math.log(sum(map(math.exp, logits))) for z in logits]
            if label >= 0:
                term = (1 - smoothing) * log_p[label] + smoothing * sum(log_p) / size
                total -= worth[balance][label] * term
        expected += total / len(known) / 2
    assert loss(pairs, batch(*rows)).item() == pytest.approx(expected, rel=1e-5)


def test_rates_are_those_of_all_batches_and_saved() -> None:
    loss = transparent(balance="exponential")
    loss(encoded(Z), batch((1, 2)))
    loss(encoded(Z), batch((0, -1)))
    loss(encoded(Z), batch((0, 2)))
    assert loss.state_dict()["counts"].tolist() == [2, 1, 0, 0, 2]
    loss.eval()
    value = loss(encoded(Z), batch((1, -1))).item()  # a third of the hats are worn
    assert value == pytest.approx(0.3132617 * math.exp(2 / 3) / 2, abs=1e-6)
    assert loss.counts.tolist() == [2, 1, 0, 0, 2]


def test_sentences_count_when_asked() -> None:
    pairs, labels = encoded(Z, 2 * Z), batch((1, 2))
    image, text = (transparent()(encoded(z), labels).item() for z in (Z, 2 * Z))
    assert transparent()(pairs, labels).item() == pytest.approx(image)
    assert transparent(text=True)(pairs, labels).item() == pytest.approx((image + text) / 2)
    silent = replace(labels, text_rows=torch.empty(0, dtype=torch.int64))
    value = transparent(text=True)(encoded(Z, Z[:0]), silent).item()
    assert value == pytest.approx(image / 2)


def test_sentences_take_the_attributes_of_their_image() -> None:
    rows = batch((0, 0), (1, 2))
    crossed = replace(rows, text_rows=torch.tensor([1, 0]))
    images = torch.cat([Z, -Z])
    straight = transparent(text=True)(encoded(images, images), rows)
    assert torch.equal(transparent(text=True)(encoded(images, images.flip(0)), crossed), straight)


def test_prediction_is_the_most_probable_value() -> None:
    predicted = transparent().predict(torch.cat([Z, -Z]))
    assert predicted.tolist() == [[1, 2], [0, 0]]


def gradient(identification: float, attributes: float) -> Tensor:
    """Of λ·L_id + L_att in the image vectors."""
    torch.manual_seed(5)
    options = {"identification": {"weight": identification}, "attributes": {"weight": attributes}}
    objective = Objective(options, {"global": Sizes(8, 4, attributes=GROUPS)})
    pairs = random_pairs(4)
    labels = replace(batch_of([0, 1, 2, 3]), attributes=torch.tensor([[0, 1], [1, 0], [0, -1], [1, 2]]))
    objective(pairs, labels).total.backward()
    assert pairs.image.pooled.grad is not None
    return pairs.image.pooled.grad


def test_limits_of_lambda() -> None:
    """With λ = 0 the attributes alone are learnt, and as λ grows L/λ tends to the identification alone."""
    both, identity, attributes = gradient(3.0, 1.0), gradient(1.0, 0.0), gradient(0.0, 1.0)
    torch.testing.assert_close(both, 3 * identity + attributes)
    assert attributes.any()
    torch.testing.assert_close(gradient(1e6, 1.0) / 1e6, identity, atol=1e-6, rtol=1e-3)


def test_data_without_attributes_are_refused() -> None:
    with pytest.raises(InputError, match='attributes = "captions"'):
        Attributes(Config(), Sizes(8, 8))


def test_two_colours_can_be_learnt() -> None:
    torch.manual_seed(0)
    loss = Attributes(Config(), Sizes(4, 8, attributes={"coat": ("blue", "red")}))
    vectors, labels = torch.eye(4)[:2], replace(batch_of([0, 1]), attributes=torch.tensor([[0], [1]]))
    optimizer = torch.optim.SGD(loss.parameters(), lr=1.0)
    for _ in range(50):
        optimizer.zero_grad()
        loss(encoded(vectors), labels).backward()
        optimizer.step()
    assert loss(encoded(vectors), labels).item() < 0.1
    assert loss.predict(vectors).tolist() == [[0], [1]]
