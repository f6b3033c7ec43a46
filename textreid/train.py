"""Training: batch in, named losses out, one readable loop."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from textreid_index import EncoderInfo
from torch import nn
from torch.utils.data import DataLoader

from textreid.checkpoint import Progress, load_state, save_model, save_state
from textreid.config import DataRecipe, Phase, Recipe
from textreid.data import datasets
from textreid.data.pairs import Collate, PairDataset, contiguous_labels
from textreid.data.samplers import IdentitySampler
from textreid.data.transforms import Augmentation, train_transform
from textreid.encode import Encoder, TransformersTowers
from textreid.errors import InputError
from textreid.evaluate import evaluate
from textreid.models.initialise import image_processor, start_model
from textreid.models.joint import JointModel
from textreid.models.processing import JointProcessor
from textreid.objective import Objective
from textreid.types import Batch, Encoded, LossReport, PersonCrop

STATE_SECONDS = 300


@dataclass(frozen=True)
class StepReport:
    """What a progress display is told after each step.

    Attributes:
        step: steps done in this epoch.
        steps: steps of this epoch.
        epoch: epochs finished, from 0.
        epochs: of the whole run.
        terms: each loss before its weight.
        rate: images per second of the last step.
    """

    step: int
    steps: int
    epoch: int
    epochs: int
    terms: dict[str, float]
    rate: float


def train(
    recipe: Recipe,
    out: Path,
    *,
    device: str = "cpu",
    report: Callable[[StepReport], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> Path:
    """Train by a recipe, resuming what `out` already holds.

    Args:
        recipe: see `textreid.config.load_recipe`.
        out: folder of the run: `model/` (best on the validation split, or the last), `log.jsonl`, `recipe.json`,
            `state.pt` while it runs.
        device: a torch device.
        report: told after every step.
        say: told of every finished epoch.

    Returns:
        The folder of the trained model.

    Raises:
        InputError: the recipe names no data, or data that cannot be read.
    """
    torch.manual_seed(recipe.seed)
    out.mkdir(parents=True, exist_ok=True)
    (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2) + "\n")
    crops, labels = _training_data(recipe, out)
    captions = [caption for crop in crops for caption in crop.captions]
    model, processor = start_model(recipe.model, recipe.phases[0].image_size, captions)
    objective = Objective(recipe.loss, dim=model.config.projection_dim, classes=max(labels) + 1)
    model.to(device)
    objective.to(device)
    _freeze(model, recipe.model.frozen_text_layers)
    optimizer = _optimizer(model, objective, recipe)
    progress = load_state(out, model, objective, optimizer)
    run = _Run(recipe, out, device, model, processor, objective, optimizer, report, say)
    for index in range(progress.phase, len(recipe.phases)):
        run.phase(recipe.phases[index], crops, labels, progress)
        progress.phase, progress.epoch_in_phase = index + 1, 0
    return out / "model"


@dataclass(frozen=True)
class _Run:
    recipe: Recipe
    out: Path
    device: str
    model: JointModel
    processor: JointProcessor
    objective: Objective
    optimizer: torch.optim.Optimizer
    report: Callable[[StepReport], None]
    say: Callable[[str], None]

    def phase(self, phase: Phase, crops: list[PersonCrop], labels: list[int], progress: Progress) -> None:
        """All epochs of one phase that are still to do."""
        self.model.config.image_size = phase.image_size
        self.processor.image_processor = image_processor(phase.image_size)
        dataset = PairDataset(
            crops, labels, train_transform(Augmentation(**vars(self.recipe.augment)), phase.image_size)
        )
        sampler = IdentitySampler(labels, **vars(self.recipe.sampler), seed=self.recipe.seed)
        steps = len(sampler)
        for epoch in range(progress.epoch_in_phase, phase.epochs):
            sampler.set_epoch(progress.epoch)
            batches = list(sampler)[progress.batch :]
            loader = DataLoader(
                dataset,
                batch_sampler=batches,
                num_workers=self.recipe.workers,
                collate_fn=Collate(self.processor.tokenizer),
            )
            saved = time.monotonic()
            for batch in loader:
                started = time.monotonic()
                self._set_rates(phase, epoch * steps + progress.batch, phase.epochs * steps)
                losses = self._step(batch.to(self.device))
                progress.batch += 1
                self._tell(losses, progress, steps, len(batch.labels) / (time.monotonic() - started))
                if time.monotonic() - saved > STATE_SECONDS:
                    save_state(self.out, progress, self.model, self.objective, self.optimizer)
                    saved = time.monotonic()
            progress.batch, progress.epoch_in_phase, progress.epoch = 0, epoch + 1, progress.epoch + 1
            self._validate(progress)
            save_state(self.out, progress, self.model, self.objective, self.optimizer)

    def _step(self, batch: Batch) -> LossReport:
        self.model.train()
        losses: LossReport = self.objective(self._encode(batch), batch)
        self.optimizer.zero_grad(set_to_none=True)
        losses.total.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimizer.step()
        return losses

    def _encode(self, batch: Batch) -> Encoded:
        half = self.recipe.text_precision == "bf16"
        # On a CPU depthwise convolutions are slower in bf16, matrix products twice as fast.
        with torch.autocast(self.device.split(":")[0], torch.bfloat16, enabled=half and self.device != "cpu"):
            image = self.model.get_image_features(batch.images).pooler_output
        with torch.autocast(self.device.split(":")[0], torch.bfloat16, enabled=half):
            text = self.model.get_text_features(batch.token_ids, batch.token_mask).pooler_output
        return Encoded(image=image.float(), text=text.float())

    def _set_rates(self, phase: Phase, step: int, steps: int) -> None:
        factor = schedule(step, steps, warmup=self.recipe.warmup, final=phase.final)
        for group in self.optimizer.param_groups:
            group["lr"] = factor * getattr(phase, group["rate"])

    def _tell(self, losses: LossReport, progress: Progress, steps: int, rate: float) -> None:
        terms = {name: value.item() for name, value in losses.terms.items()}
        if not math.isfinite(losses.total.item()):
            raise InputError(f"The loss is not finite ({terms}); lower the learning rates of this phase.")
        epochs = sum(phase.epochs for phase in self.recipe.phases)
        self.report(StepReport(progress.batch, steps, progress.epoch, epochs, terms, rate))
        if progress.batch % 20 == 0:
            self._log({"epoch": progress.epoch, "batch": progress.batch, "images_per_second": rate, **terms})

    def _validate(self, progress: Progress) -> None:
        self.model.eval()
        val = self.recipe.val
        if val is None:
            save_model(self.model, self.processor, self.out / "model")
            return
        info = EncoderInfo(name="training", fingerprint=f"epoch {progress.epoch}", dim=self.model.config.projection_dim)
        encoder = Encoder(TransformersTowers(self.model, self.processor, self.device), info)
        result = evaluate(encoder, _layout(val), _root(val, self.out), split=val.split)
        measured = result.directions["text_to_image"].percent
        self._log({"epoch": progress.epoch, "val": measured})
        self.say(f"epoch {progress.epoch}: validation R@1 {measured['R1']:.2f}, mAP {measured['mAP']:.2f}")
        if measured["R1"] > progress.best:
            progress.best = measured["R1"]
            save_model(self.model, self.processor, self.out / "model")

    def _log(self, row: dict[str, Any]) -> None:
        with (self.out / "log.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")


def schedule(step: int, steps: int, *, warmup: int, final: float) -> float:
    """Share of the peak learning rate at `step` of `steps`: linear warm-up, then half a cosine down to `final`."""
    warmup = min(warmup, steps // 4)
    if step < warmup:
        return (step + 1) / warmup
    return final + (1 - final) * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))) / 2


def _training_data(recipe: Recipe, out: Path) -> tuple[list[PersonCrop], list[int]]:
    if not recipe.data or not recipe.phases:
        raise InputError("The recipe names no [[data]] or no [[phases]].")
    loaded = [datasets.load(_layout(data), _root(data, out), data.split) for data in recipe.data]
    crops = [crop for part in loaded for crop in part]
    sources = [source for source, part in enumerate(loaded) for _ in part]
    return crops, contiguous_labels(crops, sources)


def _layout(data: DataRecipe) -> str:
    return "cuhk-pedes" if data.name == "synthetic" else data.name


def _root(data: DataRecipe, out: Path) -> Path:
    """Where a data set lies; synthetic people are drawn once a run."""
    if data.name != "synthetic":
        if not data.root:
            raise InputError(f"Say where {data.name} lies: --root DIR")
        return Path(data.root)
    from textreid.data.synthetic import write_cuhk_pedes

    folder = out / "data" / f"synthetic-{data.split}-{data.identities}x{data.images}-{data.seed}"
    if not folder.exists():
        write_cuhk_pedes(
            folder, identities=data.identities, images_per_identity=data.images, seed=data.seed, split=data.split
        )
    return folder


def _freeze(model: JointModel, layers: int) -> None:
    if layers:
        frozen = [model.text_tower.embeddings, *model.text_tower.encoder.layer[:layers]]
        for module in frozen:
            module.requires_grad_(False)


def _optimizer(model: JointModel, objective: Objective, recipe: Recipe) -> torch.optim.Optimizer:
    parts: dict[str, Iterator[nn.Parameter]] = {
        "image_rate": model.image_tower.parameters(),
        "text_rate": model.text_tower.parameters(),
        "head_rate": (
            parameter
            for module in (model.image_projection, model.text_projection, objective)
            for parameter in module.parameters()
        ),
    }
    groups = []
    for rate, parameters in parts.items():
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        for decays in (True, False):  # gains and biases are not pulled to zero
            chosen = [parameter for parameter in trained if (parameter.ndim > 1) == decays]
            groups.append({"params": chosen, "rate": rate, "weight_decay": recipe.weight_decay * decays})
    return torch.optim.AdamW(groups, lr=0.0)
