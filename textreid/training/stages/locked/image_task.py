"""Crops against all captions, while the text tower is frozen."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.data.image_augment import SeededAugmentation
from textreid.io.image_reader import read_images
from textreid.io.shared_memory import affordable_workers
from textreid.pairs import same_label
from textreid.training.distributed import join_rows, own_rows, same_everywhere, split_rows
from textreid.training.precision import tower_autocast
from textreid.training.stages.locked.memory_bank import MemoryBankContrast, soft_targets
from textreid.training.stages.locked.task import LockedContext, LockedTask

FROZEN = ("text_tower", "text_projection")
IDENTITY_TEMPERATURE = 0.05

Inputs = tuple[list[int], Tensor]
"""Rows of a batch, and the images of those that this process encodes."""


class ImageTask(LockedTask):
    """N crops with captions choose among all T captions, and the captions among the crops.

    All crops of known identities are told apart as well, by a vector for each identity that begins at the
    mean of its crops; crops without captions should stay near where they were.

    Args:
        context: all crops of its data take part. Its model stays in evaluation mode: batch statistics do not
            move, as the captions know them.
    """

    texts: Tensor
    start: Tensor
    place: Tensor
    labels: Tensor
    captioned: Tensor
    trust: Tensor

    def __init__(self, context: LockedContext) -> None:
        data, options = context.run.data, context.options
        _, (start,) = context.image_features(data.crops, views=1, tokens=False)
        texts, labels = context.text_features(data.captions, views=options.views), torch.tensor(data.labels)
        described = torch.tensor([bool(crop.captions) for crop in data.crops])
        trust = torch.tensor([trust for row in data.trust for trust in row])
        super().__init__(
            context,
            len(data.crops),
            FROZEN,
            texts=texts,
            start=start,
            place=described.cumsum(dim=0) - 1,
            labels=labels,
            captioned=torch.tensor([row for row, crop in enumerate(data.crops) for _ in crop.captions]),
            trust=trust,
        )
        self.workers: int | None = None  # of the recipe's, until it is known what a batch takes
        self.note = context.run.reporter.note
        self.files, self.pixels = [crop.image for crop in data.crops], context.processor.image_processor
        self.contrast = MemoryBankContrast(start[described], texts[0], trust, temperature=options.temperature)
        self.people = nn.Parameter(identity_means(start, labels, data.classes))

    def open_epoch(self, epoch: int, first: int) -> tuple[int, Iterator[tuple[int, Inputs]]]:
        """Rows of each batch, and images [b, 3, H, W] uint8 of this process's part of it."""
        order = self.order(epoch)
        augment = SeededAugmentation(self.pixels, self.recipe.augment, (self.seed, epoch))
        self.finish = augment.finish
        own = [self.own(batch) for batch in order]
        if self.workers is None:
            self.workers = affordable_workers(
                self.recipe.workers, lambda: next(read_images(self.files, own[:1], augment)), self.note
            )
        images = read_images(self.files, own, augment, first=first, workers=self.workers)
        inputs = zip(order[first:], images, strict=True)
        return len(order), ((len(rows), (rows, images)) for rows, images in inputs)

    def losses(self, inputs: Inputs) -> dict[str, Tensor]:
        """Losses "images", "identification" and "drift", times what the options weigh them by."""
        options, device, (batch, images) = self.options, self.device, inputs
        view = same_everywhere(int(torch.randint(len(self.texts), ())))
        with tower_autocast(device.type, self.recipe.precision, on_cpu=False):
            read = self.model.encode_image(self.finish(images.to(device)))
        own = F.normalize(self.model.vector(read).float(), dim=1)[: len(own_rows(len(batch)))]
        vectors, rows = join_rows(own, split_rows(len(batch))), torch.tensor(batch, device=device)
        labels, right = self.labels[rows], rows[:, None] == self.captioned
        described = right.any(dim=1)
        losses = {}
        if described.any():
            alone = right[described]
            same = alone | same_label(labels[described, None], self.labels[self.captioned])
            targets = soft_targets(alone, same, self.trust, identity_share=options.identity_share)
            trust, places = (alone * self.trust).sum(dim=1), self.place[rows[described]]
            cosines = vectors[described] @ self.texts[view].T
            losses["images"] = self.contrast(vectors[described], places, cosines, targets, trust)
        if (labels >= 0).any():
            logits = vectors @ F.normalize(self.people, dim=1).T / IDENTITY_TEMPERATURE
            known = F.cross_entropy(logits, labels.clamp(min=-1), ignore_index=-1)
            losses["identification"] = options.identification * known
        if not described.all():
            drift = 1 - (vectors * self.start[rows]).sum(dim=1)[~described]
            losses["drift"] = options.drift_weight * drift.mean()
        return losses


def identity_means(vectors: Tensor, labels: Tensor, classes: int) -> Tensor:
    """[classes, D] float32 of unit norm: the mean direction of each identity.

    Args:
        vectors: [N, D] float32.
        labels: [N] int64, 0 to classes - 1; -1 where nobody knows who it is.
        classes: how many identities.
    """
    known = labels >= 0
    total = torch.zeros(classes, vectors.shape[1]).index_add(0, labels[known], vectors[known])
    return F.normalize(total, dim=1)
