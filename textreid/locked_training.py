"""Training that goes on while the image tower stands still: sentences, and the matcher, against all pictures.

A batch holds few people who look alike. Once the image tower no longer changes, its vectors of all training
pictures can be kept, and each sentence be compared with every one of them at the price of one product of
matrices (locked-image tuning: Zhai et al., "LiT: Zero-Shot Transfer with Locked-image text Tuning", CVPR
2022; the paper compares with a large batch). The pictures that a sentence is confused with in this way are
those that the matcher learns to tell from its own.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.checkpoint import load_state, save_state
from textreid.config import LockedRecipe, Phase, Recipe
from textreid.data.pairs import seed_of, tokenise
from textreid.data.training import TrainingSet
from textreid.errors import InputError
from textreid.losses._pairs import weighted_mean
from textreid.models.folder import load_whole, save_model
from textreid.models.joint import JointModel
from textreid.models.processing import JointProcessor
from textreid.optimise import MovingAverage, frozen, make_optimizer, schedule, set_dropout, set_rates
from textreid.picture_tokens import read_pictures
from textreid.step import encode_sentences, half
from textreid.types import PersonCrop, ShowProgress

WARMUP = 0.1
"""Epochs over which the rates rise."""
STATE_SECONDS = 300


def train_locked(
    out: Path,
    data: TrainingSet,
    recipe: Recipe,
    *,
    device: str,
    show: ShowProgress,
    report: Callable[[int, int, dict[str, float]], None],
) -> bool:
    """Train sentences and matcher of a finished run by `recipe.locked`, going on from where it was left.

    Args:
        out: folder of the run. Its model is replaced; what the image tower makes of the pictures is kept in
            `locked/` meanwhile: views × pictures × places × C numbers in half precision.
        data: its training data; pictures with sentences take part.
        recipe: of the run.
        device: a torch device.
        show: told how far the preparations are.
        report: told after every step how many are done, of how many, and each loss.

    Returns:
        Whether there was anything to do.

    Raises:
        InputError: a picture cannot be read, the disk is full, or a loss is no longer finite.
    """
    locked, folder = recipe.locked, out / "locked"
    crops, lessons = _lessons(data)
    if locked is None or len(lessons.labels.unique()) < 2:
        return False
    model: JointModel = load_whole(JointModel, out / "model").to(device)
    processor = JointProcessor.from_pretrained(out / "model")
    still = ("image_tower", *recipe.model.frozen)
    optimizer = make_optimizer(model, nn.Module(), recipe.optimizer, untrained=still)
    average = MovingAverage(model, recipe.average) if recipe.average else None
    parts = {"model": model, "optimizer": optimizer} | ({} if average is None else {"average": average})
    progress = load_state(folder, parts)
    batches = -(-len(lessons.captions) // locked.sentences)
    phase = Phase(locked.epochs, text_rate=locked.text_rate, head_rate=locked.head_rate, warmup=WARMUP)
    steps = locked.epochs * batches
    if progress.steps >= steps:
        shutil.rmtree(folder / "pictures", ignore_errors=True)  # a kill at the very end leaves them
        return False
    tokens, vectors = read_pictures(
        folder / "pictures", model, processor, crops, recipe, views=locked.views, show=show
    )
    labels = lessons.labels.to(device)
    step = _LockedStep(model, processor, recipe, locked, tokens, vectors.to(device), labels)
    set_dropout(model.text_tower, recipe.model.text_dropout)
    model.text_tower.train()
    if model.matcher is not None:
        model.matcher.train()
    saved = time.monotonic()
    with frozen(model, still):
        while progress.steps < steps:
            epoch, batch = divmod(progress.steps, batches)
            torch.manual_seed(seed_of(recipe.seed, epoch, batch))
            order = np.random.default_rng([recipe.seed, epoch]).permutation(len(lessons.captions))
            chosen = order[batch * locked.sentences : (batch + 1) * locked.sentences]
            set_rates(optimizer, phase, schedule(phase, progress.steps, batches))
            losses = step(lessons.of(chosen))
            values = {name: loss.item() for name, loss in losses.items()}
            if not all(map(math.isfinite, values.values())):
                raise InputError(f"The loss is not finite ({values}): lower the learning rates of [locked].")
            optimizer.zero_grad()
            torch.stack(list(losses.values())).sum().backward()
            nn.utils.clip_grad_norm_(model.parameters(), recipe.optimizer.clip)
            optimizer.step()
            if average is not None:
                average.update_parameters(model)
            progress.steps += 1
            report(progress.steps, steps, values)
            if time.monotonic() - saved > STATE_SECONDS:
                save_state(folder, progress, parts)
                saved = time.monotonic()
    learned: Any = model if average is None else average.module
    save_model(learned.cpu().eval(), processor, out / "model")
    save_state(folder, progress, parts)
    shutil.rmtree(folder / "pictures")
    return True


@dataclass(frozen=True)
class _Lessons:
    """N pictures with T sentences.

    Attributes:
        labels: [N] int64, who it is; -1 where nobody knows.
        captions: T.
        own: [T] int64, the picture that each of them describes.
        trust: [T] float32, how far each is believed.
    """

    labels: Tensor
    captions: list[str]
    own: Tensor
    trust: Tensor

    def of(self, rows: Iterable[int]) -> _Lessons:
        """Some of the sentences, of the same pictures."""
        chosen = [int(row) for row in rows]
        captions = [self.captions[row] for row in chosen]
        return _Lessons(self.labels, captions, self.own[chosen], self.trust[chosen])


def _lessons(data: TrainingSet) -> tuple[list[PersonCrop], _Lessons]:
    """The pictures that have sentences, and what is to be learned of them."""
    rows = [row for row, crop in enumerate(data.crops) if crop.captions]
    crops = [data.crops[row] for row in rows]
    lessons = _Lessons(
        labels=torch.tensor([data.labels[row] for row in rows]),
        captions=[caption for crop in crops for caption in crop.captions],
        own=torch.tensor([place for place, crop in enumerate(crops) for _ in crop.captions]),
        trust=torch.tensor([trust for row in rows for trust in data.trust[row]]),
    )
    return crops, lessons


@dataclass(frozen=True)
class _LockedStep:
    """The losses of some sentences against all N pictures.

    Attributes:
        model: what learns.
        processor: its.
        recipe: of the run.
        locked: how.
        tokens: [V, N, h·w, C] float16 of the pictures; None without a matcher.
        vectors: [V, N, D] float32 of them, unit norm.
        labels: [N] int64, who it is; -1 where nobody knows.
    """

    model: JointModel
    processor: JointProcessor
    recipe: Recipe
    locked: LockedRecipe
    tokens: np.ndarray | None
    vectors: Tensor
    labels: Tensor

    def __call__(self, lessons: _Lessons) -> dict[str, Tensor]:
        """Loss -> [] float32 with a graph: "sentences", and "matching" where there is a matcher."""
        locked, device = self.locked, self.vectors.device
        own, trust = lessons.own.to(device), lessons.trust.to(device)
        view = int(torch.randint(len(self.vectors), ()))
        words = tokenise(lessons.captions, self.processor.tokenizer, replace(self.recipe.text, predict=0.0))
        arithmetic = half(self.recipe.precision)
        with torch.autocast(device.type, arithmetic, enabled=arithmetic is not None):
            read = encode_sentences(self.model, words["token_ids"].to(device), words["token_mask"].to(device))
        cosines = F.normalize(self.model.vector(read).float(), dim=1) @ self.vectors[view].T
        same = same_person(own, self.labels)
        losses = {"sentences": contrast(cosines / locked.temperature, own, same, trust, person=locked.person)}
        if self.tokens is None:
            return losses
        matcher, tokens = self.model.matcher, cast(Tensor, read.tokens)
        wrong = wrong_hits(cosines.detach(), same, nearest=locked.nearest, count=locked.wrong)
        shown = torch.cat([own[:, None], wrong], dim=1).cpu().numpy()
        places = torch.from_numpy(self.tokens[view][shown]).to(device).float()
        with torch.autocast(device.type, arithmetic, enabled=arithmetic is not None):
            logits = matcher.judge(matcher.image(places), tokens.float(), read.mask)
        return losses | {"matching": match_loss(logits, trust)}


def same_person(own: Tensor, labels: Tensor) -> Tensor:
    """[T, N] bool, whether picture n shows whom sentence t describes; `own` and `labels` as in `_Lessons`."""
    same = (labels[own, None] == labels) & (labels[own, None] >= 0)
    same[torch.arange(len(own), device=own.device), own] = True
    return same


def contrast(logits: Tensor, own: Tensor, same: Tensor, trust: Tensor, *, person: float) -> Tensor:
    """[] float32: of all pictures, a sentence shall choose its own, and the others of the person.

    The cross-entropy of a choice among all pictures. A share of 1 - `person` should fall to the sentence's
    own picture, and `person` to all pictures of its person alike.

    Args:
        logits: [T, N] float32, cosines over a temperature.
        own: [T] int64, the picture that each sentence describes.
        same: [T, N] bool, whose person it is.
        trust: [T] float32, how far each pair is believed.
        person: 0 to 1.
    """
    chances = logits.log_softmax(dim=1)
    alone = chances.gather(1, own[:, None])[:, 0]
    together = chances.masked_fill(~same, 0).sum(dim=1) / same.sum(dim=1)
    return weighted_mean(-(1 - person) * alone - person * together, trust)


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
