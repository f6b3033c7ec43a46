"""Pictures against all sentences, while the text tower stands still."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.data.image_batches import PictureBatches
from textreid.models.joint import JointModel
from textreid.pairs import same_label
from textreid.training.precision import tower_autocast
from textreid.training.stages.locked.memory_bank import MemoryBankContrast, soft_targets
from textreid.training.stages.locked.task import LockedContext, LockedTask

PEOPLE_TEMPERATURE = 0.05


class ImageTask(LockedTask):
    """N pictures with sentences choose among all T sentences, and the sentences among the pictures.

    All pictures of known people are told apart as well, by vectors of each person that begin at the mean of
    their pictures; pictures without sentences shall stay near where they were.

    Args:
        context: all pictures of its data take part. Its model stays in evaluation mode: batch statistics do
            not move, as the sentences know them.
    """

    sentences: Tensor
    start: Tensor
    place: Tensor
    labels: Tensor
    own: Tensor
    trust: Tensor

    def __init__(self, context: LockedContext) -> None:
        data, options = context.data, context.options
        _, (start,) = context.pictures(data.crops, views=1, tokens=False)
        sentences, labels = context.sentences(data.captions, views=options.views), torch.tensor(data.labels)
        described = torch.tensor([bool(crop.captions) for crop in data.crops])
        trust = torch.tensor([trust for row in data.trust for trust in row])
        super().__init__(
            context,
            len(data.crops),
            sentences=sentences,
            start=start,
            place=described.cumsum(dim=0) - 1,
            labels=labels,
            own=torch.tensor([row for row, crop in enumerate(data.crops) for _ in crop.captions]),
            trust=trust,
        )
        self.files, self.pixels = [crop.image for crop in data.crops], context.processor.image_processor
        self.contrast = MemoryBankContrast(
            start[described], sentences[0], trust, temperature=options.temperature
        )
        self.people = nn.Parameter(means(start, labels, data.classes))

    def inputs(self, epoch: int, first: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Rows [B] and images [B, 3, H, W] uint8 of each batch."""
        order = self.order(epoch)
        read = PictureBatches(self.files, order, self.pixels, self.recipe.augment, (self.recipe.seed, epoch))
        self.finish = read.finish
        batches = read.loader(first=first, workers=self.recipe.workers)
        return zip(map(torch.tensor, order[first:]), batches, strict=True)

    def forward(self, model: JointModel, inputs: Any) -> dict[str, Tensor]:
        """Losses "pictures", "identification" and "stay", times what the recipe weighs them by."""
        options, device, (rows, images) = self.options, self.start.device, inputs
        view = int(torch.randint(len(self.sentences), ()))
        with tower_autocast(device.type, self.recipe.precision, on_cpu=False):
            read = model.encode_image(self.finish(images.to(device)))
        vectors, rows = F.normalize(model.vector(read).float(), dim=1), rows.to(device)
        labels, own = self.labels[rows], rows[:, None] == self.own
        described = own.any(dim=1)
        losses = {}
        if described.any():
            alone = own[described]
            same = alone | same_label(labels[described, None], self.labels[self.own])
            targets = soft_targets(alone, same, self.trust, person=options.identity_share)
            trust, places = (alone * self.trust).sum(dim=1), self.place[rows[described]]
            cosines = vectors[described] @ self.sentences[view].T
            losses["pictures"] = self.contrast(vectors[described], places, cosines, targets, trust)
        if (labels >= 0).any():
            chances = vectors @ F.normalize(self.people, dim=1).T / PEOPLE_TEMPERATURE
            known = F.cross_entropy(chances, labels, ignore_index=-1)
            losses["identification"] = options.identification * known
        if not described.all():
            moved = 1 - (vectors * self.start[rows]).sum(dim=1)[~described]
            losses["stay"] = options.drift_weight * moved.mean()
        return losses


def means(vectors: Tensor, labels: Tensor, classes: int) -> Tensor:
    """[classes, D] float32 of unit norm, of each person; `vectors` [N, D], `labels` [N], -1 for nobody."""
    known = labels >= 0
    total = torch.zeros(classes, vectors.shape[1]).index_add(0, labels[known], vectors[known])
    return F.normalize(total, dim=1)
