"""Sentences, and the matcher, against all pictures, while the image tower stands still."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.config import LockedRecipe, Recipe
from textreid.data.pairs import tokenise
from textreid.data.training import TrainingSet
from textreid.errors import InputError
from textreid.kept import read_pictures, read_sentences
from textreid.lesson import Lesson
from textreid.losses._pairs import weighted_mean
from textreid.models.joint import JointModel
from textreid.models.processing import JointProcessor
from textreid.optimise import set_dropout
from textreid.step import encode_words, half
from textreid.types import ShowProgress
from textreid.whole_contrast import WholeContrast, shares


class SentenceLesson(Lesson):
    """T sentences choose among the N pictures that have any, and the pictures among the sentences.

    What a search for a sentence finds first, and wrongly, the matcher learns to tell from the right picture.

    Args:
        folder: what the image tower makes of the pictures is kept there: 2 bytes for each of V × N × places ×
            C numbers if there is a matcher.
        data: pictures with sentences take part.
        model: what learns.
        processor: its.
        recipe: of the run.
        options: of this stretch of it.
        show: told how far the image tower is.

    Raises:
        InputError: all sentences are about one person, so nothing is wrong.
    """

    vectors: Tensor
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
        self.recipe, self.tokenizer = recipe, processor.tokenizer
        described = [row for row, crop in enumerate(data.crops) if crop.captions]
        labels = torch.tensor(data.labels)[described]
        if bool((labels == labels[0]).all()) and (labels[0] >= 0 or len(labels) == 1):
            raise InputError("[[locked]] needs sentences about two people or more: leave the table out.")
        crops = [data.crops[row] for row in described]
        self.captions = [caption for crop in crops for caption in crop.captions]
        self.rows, self.size, self.seed = len(self.captions), options.batch, recipe.seed
        self.tokens, vectors = read_pictures(
            folder / "pictures",
            model,
            processor,
            crops,
            recipe,
            views=options.views,
            tokens=model.matcher is not None,
            show=show,
        )
        own = torch.tensor([place for place, crop in enumerate(crops) for _ in crop.captions])
        trust = torch.tensor([trust for row in described for trust in data.trust[row]])
        fixed = {"vectors": vectors, "own": own, "trust": trust, "labels": labels}
        for name, value in fixed.items():
            self.register_buffer(name, value, persistent=False)
        weights = torch.zeros(len(crops)).index_add(0, own, trust)
        seen = read_sentences(
            folder / "sentences", model, processor, self.captions, recipe, views=1, show=show
        )
        self.contrast = WholeContrast(seen[0], vectors[0], weights, temperature=options.temperature)
        set_dropout(model.text_tower, recipe.model.text_dropout)
        model.text_tower.train()
        if model.matcher is not None:
            model.matcher.train()

    def inputs(self, epoch: int, first: int) -> Iterator[list[int]]:
        """Rows of the sentences of each batch."""
        return iter(self.order(epoch)[first:])

    def forward(self, model: JointModel, inputs: Any) -> dict[str, Tensor]:
        """Losses "sentences", and "matching" where there is a matcher."""
        options, rows = self.options, torch.tensor(inputs, device=self.own.device)
        view = int(torch.randint(len(self.vectors), ()))
        captions = [self.captions[row] for row in inputs]
        words = tokenise(captions, self.tokenizer, replace(self.recipe.text, predict=0.0))
        read = encode_words(model, words, self.recipe.precision)
        vectors = F.normalize(model.vector(read).float(), dim=1)
        own, trust = self.own[rows], self.trust[rows]
        same = same_person(own, self.labels)
        alone = own[:, None] == torch.arange(len(self.labels), device=own.device)
        targets = shares(alone, same, self.contrast.weights, person=options.person)
        losses = {"sentences": self.contrast(vectors, rows, self.vectors[view], targets, trust)}
        if self.tokens is None:
            return losses
        cosines = vectors.detach() @ self.vectors[view].T
        wrong = wrong_hits(cosines, same, nearest=options.nearest, count=options.wrong)
        right = torch.multinomial(targets + 1e-9 * alone, 1)  # where nobody is trusted targets are all 0
        shown = torch.cat([right, wrong], dim=1).cpu().numpy()
        places = torch.from_numpy(self.tokens[view][shown]).to(own.device).float()
        arithmetic = half(self.recipe.precision)
        with torch.autocast(own.device.type, arithmetic, enabled=arithmetic is not None):
            logits = model.matcher.judge(
                model.matcher.image(places), cast(Tensor, read.tokens).float(), read.mask
            )
        return losses | {"matching": match_loss(logits, trust)}


def same_person(own: Tensor, labels: Tensor) -> Tensor:
    """[T, N] bool, whether picture n shows whom sentence t describes.

    Args:
        own: [T] int64, the picture that each sentence describes.
        labels: [N] int64, who is on each; -1 where nobody knows.
    """
    same = (labels[own, None] == labels) & (labels[own, None] >= 0)
    same[torch.arange(len(own), device=own.device), own] = True
    return same


def wrong_hits(cosines: Tensor, same: Tensor, *, nearest: int, count: int) -> Tensor:
    """[T, W] int64, pictures of others drawn from the `nearest` that a search for each sentence finds first.

    Args:
        cosines: [T, N] float32.
        same: [T, N] bool, whether it is the same person: never drawn.
        nearest: fewer where a sentence has fewer.
        count: W; a picture may be drawn twice.
    """
    usable = min(nearest, int((~same).sum(dim=1).min()))
    hits = cosines.masked_fill(same, -torch.inf).topk(usable).indices
    return hits.gather(1, torch.randint(usable, (len(hits), count)).to(hits.device))


def match_loss(logits: Tensor, trust: Tensor) -> Tensor:
    """[] float32: the right picture shall have the highest logit, and logits shall be odds.

    The cross-entropy of a choice among the pictures, and that of each by itself, where the right one weighs
    as much as all wrong ones together: a logit of 0 is for a picture that is as likely right as wrong.

    Args:
        logits: [T, 1 + W] float32, of the right picture and of W wrong ones.
        trust: [T] float32, how far each pair is believed.
    """
    choice = F.cross_entropy(logits, logits.new_zeros(len(logits), dtype=torch.int64), reduction="none")
    return weighted_mean(choice + F.softplus(-logits[:, 0]) + F.softplus(logits[:, 1:]).mean(dim=1), trust)
