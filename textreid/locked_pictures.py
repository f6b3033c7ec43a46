"""Pictures against all sentences, while the text tower stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import LockedRecipe, Recipe
from textreid.data.pictures import PictureBatches
from textreid.data.training import TrainingSet
from textreid.kept import read_pictures, read_sentences
from textreid.lesson import Lesson
from textreid.models.joint import JointModel
from textreid.models.processing import JointProcessor
from textreid.step import half
from textreid.types import ShowProgress
from textreid.whole_contrast import WholeContrast, shares

PEOPLE_TEMPERATURE = 0.05


class PictureLesson(Lesson):
    """N pictures with sentences choose among all T sentences, and the sentences among the pictures.

    All pictures of known people are told apart as well, by vectors of each person that begin at the mean of
    their pictures; pictures without sentences shall stay near where they were.

    Args:
        folder: vectors of sentences and pictures are kept there.
        data: all of its pictures take part.
        model: what learns, in evaluation mode: batch statistics stay, as the sentences know them.
        processor: its.
        recipe: of the run.
        options: of this stretch of it.
        show: told how far the towers are.
    """

    sentences: Tensor
    start: Tensor
    place: Tensor
    labels: Tensor
    own: Tensor
    trust: Tensor

    def __init__(
        self,
        folder: Path,
        data: TrainingSet,
        model: JointModel,
        processor: JointProcessor,
        recipe: Recipe,
        options: LockedRecipe,
        *,
        show: ShowProgress,
    ) -> None:
        super().__init__()
        self.options = options
        self.recipe, self.pixels = recipe, processor.image_processor
        self.files = [crop.image for crop in data.crops]
        self.rows, self.size, self.seed = len(self.files), options.batch, recipe.seed
        kept: dict[str, Any] = {"model": model, "processor": processor, "recipe": recipe, "show": show}
        vectors = read_pictures(folder / "pictures", crops=data.crops, views=1, tokens=False, **kept)[1][0]
        views = options.views
        sentences = read_sentences(folder / "sentences", captions=data.captions, views=views, **kept)
        fixed = {
            "sentences": sentences,
            "start": vectors,
            "labels": torch.tensor(data.labels),
            "own": torch.tensor([row for row, crop in enumerate(data.crops) for _ in crop.captions]),
            "trust": torch.tensor([trust for row in data.trust for trust in row]),
        }
        for name, value in fixed.items():
            self.register_buffer(name, value, persistent=False)
        described = torch.tensor([bool(crop.captions) for crop in data.crops])
        self.register_buffer("place", described.cumsum(dim=0) - 1, persistent=False)
        self.contrast = WholeContrast(
            vectors[described], sentences[0], self.trust, temperature=options.temperature
        )
        self.people = nn.Parameter(means(vectors, self.labels, data.classes))

    def inputs(self, epoch: int, first: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Rows [B] and images [B, 3, H, W] uint8 of each batch."""
        order = self.order(epoch)
        read = PictureBatches(self.files, order, self.pixels, self.recipe.augment, (self.seed, epoch))
        self.finish = read.finish
        batches = read.loader(first=first, workers=self.recipe.workers)
        return zip(map(torch.tensor, order[first:]), batches, strict=True)

    def forward(self, model: JointModel, inputs: Any) -> dict[str, Tensor]:
        """Losses "pictures", "identification" and "stay", times what the recipe weighs them by."""
        options, (rows, images) = self.options, inputs
        device, arithmetic = self.start.device, half(self.recipe.precision)
        view = int(torch.randint(len(self.sentences), ()))
        enabled = arithmetic is not None and device.type != "cpu"  # as in `Step`
        with torch.autocast(device.type, arithmetic, enabled=enabled):
            read = model.encode_image(self.finish(images.to(device)))
        vectors, rows = F.normalize(model.vector(read).float(), dim=1), rows.to(device)
        labels, own = self.labels[rows], rows[:, None] == self.own
        described = own.any(dim=1)
        losses = {}
        if described.any():
            alone = own[described]
            people = self.labels[self.own]
            same = (labels[described, None] == people) & (people >= 0) | alone
            targets = shares(alone, same, self.trust, person=options.person)
            trust, places = (alone * self.trust).sum(dim=1), self.place[rows[described]]
            shown = self.sentences[view]
            losses["pictures"] = self.contrast(vectors[described], places, shown, targets, trust)
        if (labels >= 0).any():
            chances = vectors @ F.normalize(self.people, dim=1).T / PEOPLE_TEMPERATURE
            known = F.cross_entropy(chances, labels, ignore_index=-1)
            losses["identification"] = options.identification * known
        if not described.all():
            moved = 1 - (vectors * self.start[rows]).sum(dim=1)[~described]
            losses["stay"] = options.stay * moved.mean()
        return losses


def means(vectors: Tensor, labels: Tensor, classes: int) -> Tensor:
    """[classes, D] float32 of unit norm, of each person; `vectors` [N, D], `labels` [N], -1 for nobody."""
    known = labels >= 0
    total = torch.zeros(classes, vectors.shape[1]).index_add(0, labels[known], vectors[known])
    return F.normalize(total, dim=1)
