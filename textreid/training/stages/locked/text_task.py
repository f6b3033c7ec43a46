"""Sentences, and the matcher, against all pictures, while the image tower stands still."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.data.tokens import tokenise
from textreid.errors import InputError
from textreid.models.joint import JointModel
from textreid.pairs import same_label, weighted_mean
from textreid.training.freezing import set_dropout
from textreid.training.length_buckets import encode_tokens
from textreid.training.precision import tower_autocast
from textreid.training.stages.locked.memory_bank import MemoryBankContrast, soft_targets
from textreid.training.stages.locked.task import LockedContext, LockedTask


class TextTask(LockedTask):
    """T sentences choose among the N pictures that have any, and the pictures among the sentences.

    What a search for a sentence finds first, and wrongly, the matcher learns to tell from the right picture.

    Args:
        context: its model's text tower and matcher are put into training mode. With a matcher, 2 bytes are
            kept for each of V × N × places × C numbers.

    Raises:
        InputError: all sentences are about one person, so nothing is wrong.
    """

    vectors: Tensor
    labels: Tensor
    own: Tensor
    trust: Tensor

    def __init__(self, context: LockedContext) -> None:
        data, model, options = context.data, context.model, context.options
        described = [row for row, crop in enumerate(data.crops) if crop.captions]
        labels = torch.tensor(data.labels)[described]
        if bool((labels == labels[0]).all()) and (labels[0] >= 0 or len(labels) == 1):
            raise InputError("[[locked]] needs sentences about two people or more: leave the table out.")
        crops, captions = [data.crops[row] for row in described], data.captions
        tokens, vectors = context.pictures(crops, views=options.views, tokens=model.matcher is not None)
        own = torch.tensor([place for place, crop in enumerate(crops) for _ in crop.captions])
        trust = torch.tensor([trust for row in data.trust for trust in row])
        super().__init__(context, len(captions), vectors=vectors, labels=labels, own=own, trust=trust)
        self.captions, self.tokens, self.tokenizer = captions, tokens, context.processor.tokenizer
        weights = torch.zeros(len(crops)).index_add(0, own, trust)
        seen = context.sentences(captions, views=1)[0]
        self.contrast = MemoryBankContrast(seen, vectors[0], weights, temperature=options.temperature)
        set_dropout(model.text_tower, context.recipe.model.text_dropout)
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
        read = encode_tokens(model, words, self.recipe.precision)
        vectors = F.normalize(model.vector(read).float(), dim=1)
        own, trust, cosines = self.own[rows], self.trust[rows], vectors @ self.vectors[view].T
        alone = own[:, None] == torch.arange(len(self.labels), device=own.device)
        same = alone | same_label(self.labels[own, None], self.labels)
        targets = soft_targets(alone, same, self.contrast.weights, person=options.identity_share)
        losses = {"sentences": self.contrast(vectors, rows, cosines, targets, trust)}
        if self.tokens is None:
            return losses
        wrong = wrong_hits(cosines.detach(), same, nearest=options.candidates, count=options.negatives)
        right = torch.multinomial(targets + 1e-9 * alone, 1)  # where nobody is trusted targets are all 0
        shown = torch.cat([right, wrong], dim=1).cpu().numpy()
        places = torch.from_numpy(self.tokens[view][shown]).to(own.device).float()
        with tower_autocast(own.device.type, self.recipe.precision):
            logits = model.matcher.score_pairs(
                model.matcher.read_images(places), cast(Tensor, read.tokens).float(), read.mask
            )
        return losses | {"matching": match_loss(logits, trust)}


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
