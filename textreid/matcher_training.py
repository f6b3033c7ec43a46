"""The matcher's own training, once the towers stand still: to tell pictures that a search confuses.

While the towers learn, the matcher sees the wrong pictures of its batch, of which few look alike. Afterwards
each sentence can be searched for among all training pictures, and its wrong hits are just what the matcher
will be asked about. Since the towers no longer change, what they make of every picture is computed once.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from textreid.checkpoint import load_state, save_state
from textreid.config import AugmentRecipe, MatchingRecipe, Recipe
from textreid.data.pairs import seed_of
from textreid.data.training import TrainingSet
from textreid.data.transforms import Finish, train_transform
from textreid.images import open_image
from textreid.models.folder import load_whole, save_model
from textreid.models.joint import JointModel
from textreid.models.processing import JointProcessor
from textreid.step import encode_sentences

AS_SEARCHED = AugmentRecipe(flip=0, pad=0, erase=0, jitter=0)
BATCH = 64
ROWS = 512
RISE = 0.02
"""Share of the steps over which the rate rises."""
STATE_SECONDS = 300

Show = Callable[[str, int, int, dict[str, float]], None]
"""Called with what is being done, how much is done, of how much, and the losses."""


def teach_matcher(out: Path, data: TrainingSet, recipe: Recipe, *, device: str, show: Show) -> bool:
    """Train the matcher of a finished run by `recipe.matching`, going on from where it was left.

    Args:
        out: folder of the run. Its model is replaced; what the image tower makes of the pictures is kept in
            `matcher/` meanwhile: views × pictures × places × C numbers in half precision.
        data: its training data; pictures with sentences take part.
        recipe: of the run.
        device: a torch device.
        show: told how far it is.

    Returns:
        Whether there was anything to do.

    Raises:
        OSError: a picture cannot be read, or the disk is full.
    """
    matching, folder = recipe.matching, out / "matcher"
    rows = [row for row, crop in enumerate(data.crops) if crop.captions]
    if matching is None or len({data.labels[row] for row in rows}) < 2:
        return False
    model: JointModel = load_whole(JointModel, out / "model")
    processor = JointProcessor.from_pretrained(out / "model")
    model.to(device)
    lessons = _Lessons(model, processor, data, rows, recipe, device)
    optimizer = torch.optim.AdamW(
        model.matcher.parameters(), lr=0.0, weight_decay=recipe.optimizer.weight_decay
    )
    parts = {"matcher": model.matcher, "optimizer": optimizer}
    progress = load_state(folder, parts)
    steps = matching.epochs * lessons.batches
    if progress.steps >= steps:
        return False
    pictures, vectors = _read_pictures(folder, lessons, show)
    confused = lessons.confused(vectors, show)
    saved = time.monotonic()
    while progress.steps < steps:
        model.matcher.train()
        for group in optimizer.param_groups:
            group["lr"] = matching.rate * _share(progress.steps, steps)
        loss = lessons.loss(progress.steps, pictures, confused)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.matcher.parameters(), recipe.optimizer.clip)
        optimizer.step()
        progress.steps += 1
        show("matcher", progress.steps, steps, {"matching": loss.item()})
        if time.monotonic() - saved > STATE_SECONDS:
            save_state(folder, progress, parts)
            saved = time.monotonic()
    save_model(model.cpu().eval(), processor, out / "model")
    save_state(folder, progress, parts)
    shutil.rmtree(folder / "pictures")
    return True


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


def _share(step: int, steps: int) -> float:
    """Of the peak rate: a short rise, then half a cosine down to nothing."""
    return min((step + 1) / (RISE * steps), 1.0) * (0.5 + 0.5 * math.cos(math.pi * step / steps))


class _Lessons:
    """Sentences, each with its picture and wrong ones; what a step sees depends on (seed, step) alone."""

    def __init__(
        self,
        model: JointModel,
        processor: JointProcessor,
        data: TrainingSet,
        rows: Sequence[int],
        recipe: Recipe,
        device: str,
    ) -> None:
        assert recipe.matching is not None
        self.model, self.processor, self.data, self.rows = model, processor, data, rows
        self.recipe, self.device = recipe, device
        self.matching: MatchingRecipe = recipe.matching
        self.captions = [caption for row in rows for caption in data.crops[row].captions]
        self.own = [place for place, row in enumerate(rows) for _ in data.crops[row].captions]
        self.trust = torch.tensor([trust for row in rows for trust in data.trust[row]])
        self.labels = torch.tensor([data.labels[row] for row in rows])
        half = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(recipe.precision)
        self.arithmetic: dict[str, Any] = {"device_type": torch.device(device).type, "dtype": half}
        self.arithmetic["enabled"] = half is not None

    @property
    def batches(self) -> int:
        """Of an epoch."""
        return -(-len(self.captions) // self.matching.sentences)

    def loss(self, step: int, pictures: np.ndarray, confused: Tensor) -> Tensor:
        """[] float32, of one step.

        Args:
            step: from 0.
            pictures: [views, N, h*w, C] float16.
            confused: [T, K] int64, see `wrong_hits`.
        """
        epoch, number = divmod(step, self.batches)
        order = np.random.default_rng([self.recipe.seed, epoch]).permutation(len(self.captions))
        size = self.matching.sentences
        chosen = order[number * size : (number + 1) * size]
        rng = np.random.default_rng([self.recipe.seed, epoch, number])
        torch.manual_seed(seed_of(self.recipe.seed, epoch, number))  # of the matcher's dropout
        hits = confused[chosen].numpy()
        wrong = np.take_along_axis(
            hits, rng.integers(hits.shape[1], size=(len(hits), self.matching.wrong)), 1
        )
        shown = np.column_stack([np.take(self.own, chosen), wrong])  # [N, 1 + W]
        view = rng.integers(len(pictures))
        tokens = torch.from_numpy(pictures[view][shown]).to(self.device)
        ids, mask = self._words([self.captions[n] for n in chosen])
        matcher = self.model.matcher
        with torch.autocast(**self.arithmetic):
            with torch.no_grad():
                words = encode_sentences(self.model, ids, mask).tokens
            logits = matcher.judge(matcher.image(tokens.float()), words, mask.bool())
        return match_loss(logits, self.trust[chosen].to(self.device))

    @torch.no_grad()
    def confused(self, pictures: Tensor, show: Show) -> Tensor:
        """[T, K] int64, what a search for each sentence would confuse with its picture."""
        order = np.argsort([len(caption) for caption in self.captions], kind="stable")
        sentences = torch.empty(len(order), pictures.shape[1])
        for place in range(0, len(order), BATCH):
            some = order[place : place + BATCH]
            with torch.autocast(**self.arithmetic):
                output = self.model.get_text_features(*self._words([self.captions[n] for n in some]))
            vectors = output.pooler_output.float()
            # Not turned away from hubs: who comes up in every search is worth learning, too.
            sentences[some] = (vectors if self.model.hubs is None else vectors + self.model.hubs).cpu()
            show("sentences", place + len(some), len(order), {})
        return wrong_hits(sentences, pictures, torch.tensor(self.own), self.labels, self.matching.nearest)

    def _words(self, captions: list[str]) -> tuple[Tensor, Tensor]:
        """Token numbers and mask, [N, L] int64 both, padded on the right."""
        tokens = self.processor.tokenizer(captions, padding=True, truncation=True, return_tensors="pt")
        return tokens["input_ids"].to(self.device), tokens["attention_mask"].to(self.device)

    @torch.no_grad()
    def read(self, view: int, number: int, images: Tensor) -> tuple[Tensor, Tensor]:
        """Search vectors [N, D] and tokens [N, h*w, C] of one batch of a view, on the CPU."""
        pixels, augment = self.processor.image_processor, self.augment(view)
        torch.manual_seed(seed_of(self.recipe.seed, view, number))
        finish = Finish(augment, pixels.image_mean, pixels.image_std)
        output = self.model.get_image_features(finish(images.to(self.device)))
        vectors = F.normalize(output.pooler_output.float(), dim=1)
        return vectors.cpu(), output.last_hidden_state.half().cpu()

    def augment(self, view: int) -> AugmentRecipe:
        """The first view shows pictures as a search sees them, the others vary them."""
        return self.recipe.augment if view else AS_SEARCHED


class _View(Dataset[Tensor]):
    """One view of all pictures, in batches [B, 3, H, W] uint8."""

    def __init__(self, lessons: _Lessons, view: int) -> None:
        self.lessons, self.view = lessons, view
        pixels = lessons.processor.image_processor
        height, width = lessons.model.config.image_size
        augment = lessons.augment(view)
        self.transform = train_transform(augment, (height, width), pixels.image_mean, pixels.resample)

    def __len__(self) -> int:
        return -(-len(self.lessons.rows) // BATCH)

    def __getitem__(self, number: int) -> Tensor:
        torch.manual_seed(seed_of(self.lessons.recipe.seed, self.view, number))
        crops = self.lessons.data.crops
        rows = self.lessons.rows[number * BATCH : (number + 1) * BATCH]
        return torch.stack([self.transform(open_image(crops[row].image)) for row in rows])


def _read_pictures(folder: Path, lessons: _Lessons, show: Show) -> tuple[np.ndarray, Tensor]:
    """Tokens of all views [views, N, h*w, C] float16, on disk, and vectors of the first [N, D]."""
    final, partial = folder / "pictures", folder / "pictures.partial"
    if not final.is_dir():
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _write_pictures(partial, lessons, show)
        partial.replace(final)
    vectors = torch.from_numpy(np.load(final / "vectors.npy"))
    return np.load(final / "tokens.npy", mmap_mode="r"), vectors


def _write_pictures(folder: Path, lessons: _Lessons, show: Show) -> None:
    views, count = lessons.matching.views, len(lessons.rows)
    tokens: np.memmap | None = None
    first: list[Tensor] = []
    for view in range(views):
        loader = DataLoader(
            _View(lessons, view),
            batch_size=None,
            num_workers=lessons.recipe.workers,
            generator=torch.Generator(),  # its own, so that the loader draws nothing from the global one
        )
        done = 0
        for number, images in enumerate(loader):
            vectors, read = lessons.read(view, number, images)
            if tokens is None:
                shape = (views, count, *read.shape[1:])
                tokens = np.lib.format.open_memmap(folder / "tokens.npy", "w+", np.float16, shape)
            tokens[view, done : done + len(read)] = read.numpy()
            first += [] if view else [vectors]
            done += len(read)
            show(f"pictures, view {view + 1} of {views}", done, count, {})
    assert tokens is not None
    tokens.flush()
    np.save(folder / "vectors.npy", torch.cat(first).numpy())
