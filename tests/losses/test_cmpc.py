"""Cross-modal projection classification against a loop."""

from __future__ import annotations

import pytest
import torch

from tests.helpers.batches import batch_of, encoded
from textreid.losses import Sizes
from textreid.losses.cmpc import Config, CrossModalProjectionClassification


def test_against_a_loop() -> None:
    """Four images, of which three have sentences and one of those shows nobody known."""
    random = torch.Generator().manual_seed(0)
    image, text = torch.randn(4, 5, generator=random), torch.randn(3, 5, generator=random)
    labels, described, trust = [1, 0, -1, 2], [3, 0, 2], [0.25, 0.5, 1.0]
    loss = CrossModalProjectionClassification(Config(), Sizes(5, 3))
    value = loss(encoded(image, text), batch_of(labels, described=described, trust=trust))

    classes = loss.weight.detach() / loss.weight.detach().norm(dim=1, keepdim=True)
    total = 0.0
    for t, row in enumerate(described):
        if labels[row] >= 0:
            for one, other in ((image[row], text[t]), (text[t], image[row])):
                projection = (one @ other) / (other @ other) * other
                total -= trust[t] * float(torch.log_softmax(classes @ projection, dim=0)[labels[row]])
    assert value.item() == pytest.approx(total / (0.25 + 0.5), rel=1e-4)


def test_length_of_what_is_projected_on_does_not_matter() -> None:
    random = torch.Generator().manual_seed(0)
    image, text = torch.randn(2, 3, 5, generator=random)
    loss, batch = CrossModalProjectionClassification(Config(), Sizes(5, 3)), batch_of([0, 1, 2])
    rising = [loss(encoded(image, length * text), batch).item() for length in (1.0, 1.0 + 1e-7)]
    assert rising[0] == pytest.approx(rising[1], rel=1e-5)
    orthogonal = encoded(torch.eye(5)[:3], torch.eye(5)[[3, 4, 3]])
    assert loss(orthogonal, batch).item() == pytest.approx(2 * torch.tensor(3.0).log().item(), rel=1e-5)


def test_minimising_it_gives_each_person_a_direction_of_both_modalities() -> None:
    torch.manual_seed(0)
    text = torch.randn(6, 8)
    image = (text + 0.5 * torch.randn(6, 8)).requires_grad_()
    text.requires_grad_()
    loss, batch = CrossModalProjectionClassification(Config(), Sizes(8, 3)), batch_of([0, 0, 1, 1, 2, 2])
    optimizer = torch.optim.Adam([image, text, *loss.parameters()], lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        loss(encoded(image, text), batch).backward()
        optimizer.step()
    for vectors in (image, text):
        assert ((vectors @ loss.weight.T).argmax(dim=1) == batch.labels).all()
