"""Distillation (Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015).

The soft targets are about rows of a batch, so that teacher and student need no classes in common (Tung and
Mori, "Similarity-Preserving Knowledge Distillation", ICCV 2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_above, require_at_least
from textreid.losses._base import Loss, Sizes
from textreid.pairs import Comparison, Pairs, comparisons, weighted_mean
from textreid.types import Batch, Encoded, Features


@dataclass(frozen=True)
class Config:
    """Options of `Distillation`.

    Attributes:
        weight: factor in the objective.
        logits: weight of the soft targets; 0 for none.
        embeddings: weight of the distance between the student's vectors and the teacher's; 0 for none.
        scale: cosines times it are the logits of both.
        temperature: T, that these are divided by.
        texts: whom texts learn from: the teacher's "texts", or its "images", those that they describe.
        pairs: whose soft targets: "images" among images, "across" modalities, or "all" of those.
    """

    weight: float = 1.0
    logits: float = 1.0
    embeddings: float = 1.0
    scale: float = 20.0
    temperature: float = 2.0
    texts: Literal["texts", "images"] = "texts"
    pairs: Pairs = "all"

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight", "logits", "embeddings")
        require_above(self, 0, "scale", "temperature")


class Distillation(Loss):
    """The student should find in a batch whom its teacher finds there, and put it where the teacher does.

    Logits: a row is asked which of the others it is most like; the teacher's answer, a softmax at a
    temperature, is the target. Embeddings: 1 less the cosine to the teacher's vector, after a linear map
    where the two have different lengths; without one the student learns the teacher's own space. Where the
    teacher reads no text, or `texts` says so, a text learns what the teacher makes of its image. No label is
    read, so images of nobody known count. It goes beside the losses that know the labels; the recipe names
    the teacher.
    """

    def __init__(self, config: Config, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.projection: nn.Module = nn.Identity()
        if config.embeddings and sizes.teacher_dim not in (0, sizes.dim):
            self.projection = nn.Linear(sizes.dim, sizes.teacher_dim, bias=False)

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, logits plus embeddings, each the mean of what the batch has; 0 without a teacher.

        Args:
            encoded: `image.pooled` [B, D], `text.pooled` [T, D], and those of `teacher`.
            batch: `text_rows` and `trust` [T].
        """
        if encoded.teacher is None:
            return encoded.nothing()
        teacher = self._for_a_student(encoded.teacher, encoded, batch)
        total = encoded.nothing()
        if self.config.logits:
            sides = zip(
                *(comparisons(one, batch, self.config.pairs) for one in (encoded, teacher)), strict=True
            )
            terms = [self.soft_targets(student, aim) for student, aim in sides]
            total = total + self.config.logits * torch.stack(terms).mean() if terms else total
        if self.config.embeddings:
            total = total + self.config.embeddings * self._distance(encoded, teacher, batch)
        return total

    def soft_targets(self, student: Comparison, teacher: Comparison) -> Tensor:
        """[] float32, the mean over anchors by trust; an image is not compared with itself."""
        found, aim = (self.config.scale * side.cosine for side in (student, teacher))
        if student.anchors is student.others:
            others = ~torch.eye(len(found), dtype=torch.bool, device=found.device)
            found, aim = (rows[others].view(len(rows), -1) for rows in (found, aim))
        return weighted_mean(soft_target_loss(found, aim, self.config.temperature), student.trust)

    def _for_a_student(self, teacher: Encoded, student: Encoded, batch: Batch) -> Encoded:
        """The teacher without a graph, and with a vector for each text of the student, if it has any."""
        image = teacher.image.pooled.detach().float()
        if student.text is None:
            return Encoded(Features(image))
        own = teacher.text if self.config.texts == "texts" else None
        text = image[batch.text_rows] if own is None else own.pooled.detach().float()
        return Encoded(Features(image), Features(text))

    def _distance(self, student: Encoded, teacher: Encoded, batch: Batch) -> Tensor:
        image = 1 - self._cosines(student.image, teacher.image)
        if student.text is None or teacher.text is None or not len(batch.text_rows):
            return image.mean()
        text = weighted_mean(1 - self._cosines(student.text, teacher.text), batch.trust)
        return (image.mean() + text) / 2

    def _cosines(self, student: Features, teacher: Features) -> Tensor:
        return F.cosine_similarity(self.projection(student.pooled.float()), teacher.pooled, dim=1)


def soft_target_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """[N] float32: T² KL(softmax(teacher / T) ‖ softmax(student / T)) of each row.

    The gradient of such a softmax falls with T², so the factor keeps its size beside that of labels.

    Args:
        student: [N, C] logits.
        teacher: [N, C] logits.
        temperature: T.
    """
    aim = F.log_softmax(teacher / temperature, dim=1)
    found = F.log_softmax(student / temperature, dim=1)
    return temperature**2 * (aim.exp() * (aim - found)).sum(dim=1)
