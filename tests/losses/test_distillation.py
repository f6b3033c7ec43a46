"""Soft targets against worked values, loops and a limit; whom a text learns from."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.helpers.batches import batch_of, encoded, random_pairs
from textreid.losses import Sizes
from textreid.losses.distillation import Config, Distillation, soft_target_loss
from textreid.types import Encoded


def distillation(teacher_dim: int = 8, **options: Any) -> Distillation:
    return Distillation(Config(**options), Sizes(8, 4, teacher_dim=teacher_dim))


def taught(n: int, *, texts: bool = True) -> Encoded:
    """Random vectors of a student and of its teacher, which has as many numbers."""
    student, teacher = random_pairs(n), random_pairs(n, seed=1)
    return replace(student, teacher=encoded(teacher.image.pooled, teacher.text.pooled if texts else None))


def test_worked_example() -> None:
    """A teacher of [2, 1, 0] and a student that knows nothing, at T = 2."""
    value = soft_target_loss(torch.zeros(1, 3), torch.tensor([[2.0, 1.0, 0.0]]), 2.0)
    assert value.item() == pytest.approx(0.313684, abs=1e-6)


def test_hot_enough_it_matches_logits() -> None:
    """As T grows the gradient becomes (student - teacher) / K of centred logits, as in the paper."""
    generator = torch.Generator().manual_seed(0)
    student, teacher = torch.randn(2, 1, 5, generator=generator, dtype=torch.float64)
    student, teacher = (logits - logits.mean() for logits in (student, teacher))
    student.requires_grad_()
    soft_target_loss(student, teacher, 1e4).sum().backward()
    torch.testing.assert_close(student.grad, (student.detach() - teacher) / 5, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("pairs", ["images", "across", "all"])
def test_soft_targets_against_a_loop(pairs: str) -> None:
    vectors = taught(5)
    loss = distillation(embeddings=0.0, scale=7.0, temperature=3.0, pairs=pairs)
    value = loss(vectors, batch_of([0, 0, 1, 2, -1]))
    sides = {
        "images": [("image", "image")],
        "across": [("text", "image"), ("image", "text")],
    }
    wanted = [side for name, found in sides.items() if pairs in (name, "all") for side in found]
    terms = []
    for anchors, others in wanted:
        rows = []
        for i in range(5):
            probabilities = []
            for model in (vectors, vectors.teacher):
                own = getattr(model, anchors).pooled[i]
                among = [
                    math.exp(7 / 3 * F.cosine_similarity(own, getattr(model, others).pooled[j], dim=0).item())
                    for j in range(5)
                    if (anchors, others) != ("image", "image") or i != j
                ]
                probabilities.append([one / sum(among) for one in among])
            found, aim = probabilities
            rows.append(9 * sum(p * math.log(p / q) for p, q in zip(aim, found, strict=True)))
        terms.append(sum(rows) / 5)
    assert value.item() == pytest.approx(sum(terms) / len(terms), rel=1e-4)


def test_a_student_that_is_its_teacher_has_nothing_to_learn() -> None:
    student = random_pairs(6)
    same = replace(student, teacher=encoded(3 * student.image.pooled, student.text.pooled / 2))
    assert distillation()(same, batch_of([0, 0, 1, 1, 2, 2])).item() == pytest.approx(0, abs=1e-5)


def test_embeddings_are_drawn_to_the_teachers_directions() -> None:
    vectors = taught(4)
    value = distillation(logits=0.0)(vectors, batch_of([0, 1, 2, 3]))
    cosines = [
        F.cosine_similarity(getattr(vectors, side).pooled, getattr(vectors.teacher, side).pooled).mean()
        for side in ("image", "text")
    ]
    assert value.item() == pytest.approx(1 - sum(cosines).item() / 2, rel=1e-5)


@pytest.mark.parametrize(("reads_text", "texts"), [(True, "images"), (False, "texts")])
def test_texts_learn_what_the_teacher_makes_of_their_images(reads_text: bool, texts: str) -> None:
    """Where it reads none, and where the recipe says so; text 0 describes image 2, text 1 image 0."""
    vectors = replace(taught(3, texts=reads_text), text=replace(random_pairs(2).text))
    value = distillation(logits=0.0, texts=texts)(vectors, batch_of([0, 1, 2], described=[2, 0]))
    teacher = vectors.teacher.image.pooled
    image = F.cosine_similarity(vectors.image.pooled, teacher).mean()
    text = F.cosine_similarity(vectors.text.pooled, teacher[torch.tensor([2, 0])]).mean()
    assert value.item() == pytest.approx(1 - (image + text).item() / 2, rel=1e-5)


def test_nothing_flows_into_the_teacher() -> None:
    """Whatever it was made with."""
    vectors = taught(4)
    distillation()(vectors, batch_of([0, 0, 1, 1])).backward()
    assert vectors.image.pooled.grad.any()
    assert vectors.text.pooled.grad.any()
    assert vectors.teacher.image.pooled.grad is None


def test_vectors_of_other_lengths_are_compared_through_a_map() -> None:
    student, teacher = random_pairs(4), torch.randn(4, 5, generator=torch.Generator().manual_seed(2))
    loss = distillation(teacher_dim=5)
    assert maps(loss) == [(5, 8)]
    assert maps(distillation(teacher_dim=5, embeddings=0.0)) == maps(distillation()) == []
    value = loss(replace(student, teacher=encoded(teacher)), batch_of([0, 0, 1, 1]))
    assert value > 0


def maps(loss: Distillation) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in loss.parameters() if isinstance(weight, Tensor)]
