"""Captions, and the matcher, against all crops, while the image tower is frozen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.data.tokens import tokenise
from textreid.errors import InputError
from textreid.pairs import same_label, weighted_mean
from textreid.training.distributed import join_rows, own_rows, same_everywhere, split_rows
from textreid.training.freezing import set_dropout
from textreid.training.length_buckets import encode_tokens
from textreid.training.precision import tower_autocast
from textreid.training.stages.locked.memory_bank import MemoryBankContrast, soft_targets
from textreid.training.stages.locked.task import LockedContext, LockedTask

FROZEN = ("image_tower",)


class TextTask(LockedTask):
    """T captions choose among the N crops that have any, and the crops among the captions.

    What a search for a caption finds first, and wrongly, the matcher learns to tell from the right crop.

    Args:
        context: its model's text tower and matcher learn. With a matcher, 2 bytes are stored for each of
            V × N × places × C numbers.

    Raises:
        InputError: all captions are about one person, so nothing is wrong.
    """

    vectors: Tensor
    labels: Tensor
    described: Tensor
    trust: Tensor

    def __init__(self, context: LockedContext) -> None:
        data, model, options = context.run.data, context.model, context.options
        rows = [row for row, crop in enumerate(data.crops) if crop.captions]
        labels = torch.tensor(data.labels)[rows]
        if bool((labels == labels[0]).all()) and (labels[0] >= 0 or len(labels) == 1):
            raise InputError(
                "A locked stage needs captions about two people or more: leave the stage 'locked' out."
            )
        crops, captions = [data.crops[row] for row in rows], data.captions
        tokens, vectors = context.image_features(crops, views=options.views, tokens=model.matcher is not None)
        described = torch.tensor([place for place, crop in enumerate(crops) for _ in crop.captions])
        trust = torch.tensor([trust for row in data.trust for trust in row])
        fixed = {"vectors": vectors, "labels": labels, "described": described, "trust": trust}
        super().__init__(context, len(captions), FROZEN, **fixed)
        self.captions, self.tokens, self.tokenizer = captions, tokens, context.processor.tokenizer
        weights = torch.zeros(len(crops)).index_add(0, described, trust)
        seen = context.text_features(captions, views=1)[0]
        self.contrast = MemoryBankContrast(seen, vectors[0], weights, temperature=options.temperature)
        set_dropout(model.text_tower, self.recipe.model.text_dropout)

    def learning(self) -> list[nn.Module]:
        """The text tower, and the matcher where there is one."""
        return [module for module in (self.model.text_tower, self.model.matcher) if module is not None]

    def open_epoch(self, epoch: int, first: int) -> tuple[int, Iterator[tuple[int, list[int]]]]:
        """Rows of the captions of each batch; a process reads its part of them."""
        order = self.order(epoch)
        return len(order), ((len(batch), batch) for batch in order[first:])

    def losses(self, inputs: Sequence[int]) -> dict[str, Tensor]:
        """Losses "texts", and "matching" where there is a matcher."""
        options, device, count = self.options, self.device, len(inputs)
        here, lengths = own_rows(count), split_rows(count)
        view = same_everywhere(int(torch.randint(len(self.vectors), ())))
        captions = [self.captions[row] for row in self.own(inputs)]
        words = tokenise(captions, self.tokenizer, replace(self.recipe.text, predict=0.0))
        read = encode_tokens(self.model, words, self.recipe.precision)
        vectors = F.normalize(self.model.vector(read).float(), dim=1)[: len(here)]
        vectors, rows = join_rows(vectors, lengths), torch.tensor(inputs, device=device)
        own, trust, cosines = self.described[rows], self.trust[rows], vectors @ self.vectors[view].T
        alone = own[:, None] == torch.arange(len(self.labels), device=device)
        same = alone | same_label(self.labels[own, None], self.labels)
        targets = soft_targets(alone, same, self.contrast.weights, identity_share=options.identity_share)
        losses = {"texts": self.contrast(vectors, rows, cosines, targets, trust)}
        if self.tokens is None:
            return losses
        wrong = draw_negatives(cosines.detach(), same, candidates=options.candidates, count=options.negatives)
        right = torch.multinomial(targets + 1e-9 * alone, 1)  # where nobody is trusted targets are all 0
        shown = torch.cat([right, wrong], dim=1)[here.start : max(here.stop, here.start + 1)]
        places = torch.from_numpy(self.tokens[view][shown.cpu().numpy()]).to(device).float()
        with tower_autocast(device.type, self.recipe.precision):
            logits = self.model.matcher.score_pairs(
                self.model.matcher.read_images(places), cast(Tensor, read.tokens).float(), read.mask
            )
        return losses | {"matching": match_loss(join_rows(logits[: len(here)], lengths), trust)}


def draw_negatives(cosines: Tensor, same: Tensor, *, candidates: int, count: int) -> Tensor:
    """[T, W] int64, crops of others drawn from the `candidates` that a search for each caption finds first.

    Args:
        cosines: [T, N] float32.
        same: [T, N] bool, whether it is the same identity: never drawn.
        candidates: fewer where a caption has fewer.
        count: W; a crop may be drawn twice.
    """
    usable = min(candidates, int((~same).sum(dim=1).min()))
    hits = cosines.masked_fill(same, -torch.inf).topk(usable).indices
    return hits.gather(1, torch.randint(usable, (len(hits), count)).to(hits.device))


def match_loss(logits: Tensor, trust: Tensor) -> Tensor:
    """[] float32: the right crop should have the highest logit, and logits should be log odds.

    The cross-entropy of a choice among the crops, and that of each by itself, where the right one weighs as
    much as all wrong ones together: a logit of 0 is for a crop that is as likely right as wrong.

    Args:
        logits: [T, 1 + W] float32, of the right crop and of W wrong ones.
        trust: [T] float32, how far each pair is believed.
    """
    choice = F.cross_entropy(logits, logits.new_zeros(len(logits), dtype=torch.int64), reduction="none")
    return weighted_mean(choice + F.softplus(-logits[:, 0]) + F.softplus(logits[:, 1:]).mean(dim=1), trust)
