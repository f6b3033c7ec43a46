"""The matcher's own training, once the towers stand still: to tell pictures that a search confuses.

While the towers learn, the matcher sees the wrong pictures of its batch, of which few look alike. Afterwards
each sentence can be searched for among all training pictures, and its wrong hits are just what the matcher
will be asked about. Since the towers no longer change, what they make of every picture is computed once.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.checkpoint import load_state, save_state
from textreid.config import Phase, Recipe
from textreid.data.pairs import seed_of
from textreid.data.training import TrainingSet
from textreid.encode import Encoder
from textreid.evaluate.features import encode_texts
from textreid.models.folder import load_whole, save_model
from textreid.models.joint import JointModel
from textreid.models.processing import JointProcessor
from textreid.optimise import schedule
from textreid.picture_tokens import Show, read_pictures
from textreid.step import encode_sentences, half
from textreid.types import PersonCrop

ROWS = 512
WARMUP = 0.1
"""Epochs over which the rate rises."""
STATE_SECONDS = 300


def teach_matcher(
    out: Path,
    data: TrainingSet,
    recipe: Recipe,
    *,
    device: str,
    show: Show,
    report: Callable[[int, int, float], None],
) -> bool:
    """Train the matcher of a finished run by `recipe.matching`, going on from where it was left.

    Args:
        out: folder of the run. Its model is replaced; what the image tower makes of the pictures is kept in
            `matcher/` meanwhile: views × pictures × places × C numbers in half precision.
        data: its training data; pictures with sentences take part.
        recipe: of the run.
        device: a torch device.
        show: told how far the preparations are.
        report: told after every step how many are done, of how many, and the loss.

    Returns:
        Whether there was anything to do.

    Raises:
        InputError: a picture cannot be read, or the disk is full.
    """
    matching, folder = recipe.matching, out / "matcher"
    crops, lessons = _lessons(data)
    if matching is None or len(lessons.labels.unique()) < 2:
        return False
    model: JointModel = load_whole(JointModel, out / "model").to(device)
    processor = JointProcessor.from_pretrained(out / "model")
    optimizer = torch.optim.AdamW(
        model.matcher.parameters(), lr=0.0, weight_decay=recipe.optimizer.weight_decay
    )
    parts = {"matcher": model.matcher, "optimizer": optimizer}
    progress = load_state(folder, parts)
    batches = -(-len(lessons.captions) // matching.sentences)
    steps, phase = matching.epochs * batches, Phase(matching.epochs, warmup=WARMUP)
    if progress.steps >= steps:
        return False
    kept = folder / "pictures"
    pictures, vectors = read_pictures(kept, model, processor, crops, recipe, views=matching.views, show=show)
    sentences = encode_texts(Encoder.load(out / "model", device=device), lessons.captions, show)
    confused = wrong_hits(torch.from_numpy(sentences), vectors, lessons.own, lessons.labels, matching.nearest)
    model.matcher.train()
    saved = time.monotonic()
    while progress.steps < steps:
        epoch, batch = divmod(progress.steps, batches)
        torch.manual_seed(seed_of(recipe.seed, epoch, batch))  # of the matcher's dropout
        rng = np.random.default_rng([recipe.seed, epoch, batch])
        order = np.random.default_rng([recipe.seed, epoch]).permutation(len(lessons.captions))
        chosen = order[batch * matching.sentences : (batch + 1) * matching.sentences]
        shown = _shown(lessons.own[chosen], confused[chosen], matching.wrong, rng)
        tokens = torch.from_numpy(pictures[rng.integers(matching.views)][shown]).to(device)
        captions = [lessons.captions[n] for n in chosen]
        logits = _judge(model, processor, tokens, captions, recipe.precision)
        loss = match_loss(logits, lessons.trust[chosen].to(device))
        for group in optimizer.param_groups:
            group["lr"] = matching.rate * schedule(phase, progress.steps, batches)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.matcher.parameters(), recipe.optimizer.clip)
        optimizer.step()
        progress.steps += 1
        report(progress.steps, steps, loss.item())
        if time.monotonic() - saved > STATE_SECONDS:
            save_state(folder, progress, parts)
            saved = time.monotonic()
    save_model(model.cpu().eval(), processor, out / "model")
    save_state(folder, progress, parts)
    shutil.rmtree(kept)
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


def _shown(own: Tensor, confused: Tensor, wrong: int, rng: np.random.Generator) -> np.ndarray:
    """[N, 1 + W], the picture of each sentence, and W of those that it is confused with [N, K]."""
    drawn = rng.integers(confused.shape[1], size=(len(confused), wrong))
    return np.column_stack([own, np.take_along_axis(confused.numpy(), drawn, axis=1)])


def _judge(
    model: JointModel, processor: JointProcessor, tokens: Tensor, captions: list[str], precision: str
) -> Tensor:
    """[N, K] float32 logits that sentence n describes each of its K pictures, of tokens [N, K, h·w, C]."""
    words = processor.tokenizer(captions, padding=True, truncation=True, return_tensors="pt")
    words = words.to(tokens.device)
    arithmetic = half(precision)
    with torch.autocast(tokens.device.type, arithmetic, enabled=arithmetic is not None):
        with torch.no_grad():
            read = encode_sentences(model, words["input_ids"], words["attention_mask"])
        logits: Tensor = model.matcher.judge(model.matcher.image(tokens.float()), read.tokens, read.mask)
    return logits


def match_loss(logits: Tensor, trust: Tensor) -> Tensor:
    """[] float32: the right picture shall have the highest logit, and logits shall be odds.

    The cross-entropy of a choice among the pictures, and that of each by itself, where the right one weighs
    as much as all wrong ones together: a logit of 0 is for a picture that is as likely right as wrong.

    Args:
        logits: [N, 1 + W] float32, of the right picture and of W wrong ones.
        trust: [N] float32, how far each pair is believed.
    """
    choice = F.cross_entropy(logits, logits.new_zeros(len(logits), dtype=torch.int64), reduction="none")
    alone = F.softplus(-logits[:, 0]) + F.softplus(logits[:, 1:]).mean(dim=1)
    loss: Tensor = (trust * (choice + alone)).sum() / trust.sum().clamp(min=1e-6)
    return loss


def wrong_hits(sentences: Tensor, pictures: Tensor, own: Tensor, labels: Tensor, nearest: int) -> Tensor:
    """[T, K] int64, for each sentence the pictures of others that a search puts first; K ≤ `nearest`.

    Args:
        sentences: [T, D] float32.
        pictures: [N, D] float32.
        own: [T] int64, the picture that each sentence describes.
        labels: [N] int64, who it is; -1 where nobody knows, which is somebody else.
        nearest: how many; as many as every sentence has where that is fewer.
    """
    found = []
    for place in range(0, len(sentences), ROWS):
        mine = own[place : place + ROWS]
        same = (labels[mine, None] == labels) & (labels[mine, None] >= 0)
        same[torch.arange(len(mine)), mine] = True
        cosines = (sentences[place : place + ROWS] @ pictures.T).masked_fill(same, -torch.inf)
        count = min(nearest, len(pictures))
        values, hits = cosines.topk(count)
        found.append(torch.where(values > -torch.inf, hits, -1))
    hits = torch.cat(found)
    return hits[:, : max(1, int((hits >= 0).sum(dim=1).min()))]
