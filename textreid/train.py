"""Training: batch in, named losses out, one readable loop."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from textreid.benchmark import Benchmark
from textreid.checkpoint import Progress, load_state, save_state, settle
from textreid.config import DataRecipe, Phase, Recipe
from textreid.data.pairs import EpochBatches, PairDataset, seed_of
from textreid.data.samplers import IdentitySampler
from textreid.data.training import TrainingSet, locate, training_set
from textreid.data.transforms import train_transform
from textreid.encode import Encoder
from textreid.errors import InputError
from textreid.evaluate import evaluate
from textreid.losses import Sizes
from textreid.metrics.protocols import RetrievalResult
from textreid.models.folder import save_model
from textreid.models.initialise import start_model
from textreid.models.joint import JointModel
from textreid.models.processing import JointProcessor, image_processor
from textreid.models.towers import TransformersTowers
from textreid.objective import Objective
from textreid.optimise import (
    blend,
    freeze_image,
    freeze_text,
    make_optimizer,
    schedule,
    set_dropout,
    set_rates,
)
from textreid.step import Step
from textreid.types import GLOBAL, Batch, LossReport
from textreid_index import EncoderInfo

STATE_SECONDS = 300
LOG_STEPS = 20


@dataclass(frozen=True)
class StepReport:
    """What a progress display is told after each step.

    Attributes:
        step: steps done in this epoch.
        steps: steps of this epoch.
        epoch: epochs finished, from 0.
        epochs: of the whole run.
        terms: each loss before its weight.
        rate: images per second since the step before.
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
    """Train by a recipe, going on from where `out` was left.

    A run that is interrupted and resumed ends with the same weights as one that is not, on the same machine.

    Args:
        recipe: see `textreid.config.load_recipe`.
        out: folder of the run: `model/` (the best by R@1 on the validation split, or the last), `log.jsonl`,
            `recipe.json`, `state.pt` to go on from, `data/` where people were drawn.
        device: a torch device.
        report: told after every step.
        say: told of every finished epoch.

    Returns:
        The folder of the trained model.

    Raises:
        InputError: the recipe lacks data, losses or phases, its data cannot be read, `out` holds a run of
            another recipe, or the loss is no longer finite.
    """
    if not recipe.phases or not recipe.loss:
        raise InputError("The recipe needs a [loss.NAME] table or more, and a [[phases]] table or more.")
    settle(recipe, out)
    data = training_set(recipe.data, out, reads_text=recipe.model.reads_text)
    val = validation(recipe.val, out) if recipe.val else None
    torch.manual_seed(recipe.seed)
    model, processor = start_model(recipe.model, recipe.phases[0].image_size, data.captions)
    objective = Objective(recipe.loss, view_sizes(model, data))
    start = copy.deepcopy(model.state_dict())
    model.to(device)
    objective.to(device)
    freeze_text(model, recipe.model.frozen_text_layers)
    freeze_image(model, recipe.model.frozen_image_parts)
    if model.text_tower is not None:
        set_dropout(model.text_tower, recipe.model.text_dropout)
    optimizer = make_optimizer(model, objective, recipe.weight_decay)
    progress = load_state(out, model, objective, optimizer)
    step = Step(model, objective, half=recipe.text_precision == "bf16")
    run = _Run(recipe, out, device, step, start, processor, optimizer, val, report, say)
    while progress.phase < len(recipe.phases):
        run.phase(recipe.phases[progress.phase], data, progress)
        progress.phase, progress.epoch_in_phase = progress.phase + 1, 0
    return out / "model"


def validation(recipe: DataRecipe, out: Path) -> Benchmark:
    """The split that chooses the best epoch.

    Raises:
        InputError: it cannot be read, or is searched by image and so says nothing of sentences.
    """
    benchmark = Benchmark.read(*locate(recipe, out), recipe.split)
    if benchmark.queries:
        raise InputError(f"{recipe.name} has no captions to validate with: name another data set in [val].")
    return benchmark


@dataclass(frozen=True)
class _Run:
    recipe: Recipe
    out: Path
    device: str
    step: Step
    start: Mapping[str, Tensor]
    processor: JointProcessor
    optimizer: torch.optim.Optimizer
    val: Benchmark | None
    report: Callable[[StepReport], None]
    say: Callable[[str], None]

    @property
    def model(self) -> JointModel:
        return self.step.model

    def phase(self, phase: Phase, data: TrainingSet, progress: Progress) -> None:
        """All epochs of one phase that are still to do."""
        self.model.config.image_size = phase.image_size
        mean, std = (getattr(self.processor.image_processor, name) for name in ("image_mean", "image_std"))
        self.processor.image_processor = image_processor(phase.image_size, mean, std)
        pairs = PairDataset(data, train_transform(self.recipe.augment, phase.image_size, mean, std))
        sampler = IdentitySampler(data.labels, **vars(self.recipe.sampler), seed=self.recipe.seed)
        for epoch in range(progress.epoch_in_phase, phase.epochs):
            sampler.set_epoch(progress.epoch)
            self._epoch(phase, pairs, list(sampler), progress)
            progress.batch, progress.epoch_in_phase, progress.epoch = 0, epoch + 1, progress.epoch + 1
            self._keep_best(progress)
            self._save(progress)

    def _epoch(self, phase: Phase, pairs: PairDataset, order: list[list[int]], progress: Progress) -> None:
        batches = EpochBatches(
            pairs,
            order,
            self.processor.tokenizer,
            self.recipe.text,
            seed=self.recipe.seed,
            epoch=progress.epoch,
        )
        loader = DataLoader(
            batches,
            batch_size=None,
            sampler=range(progress.batch, len(order)),
            num_workers=self.recipe.workers,
            generator=torch.Generator(),  # its own, so that the loader draws nothing from the global one
        )
        steps = phase.epochs * len(order)
        saved = before = time.monotonic()
        for batch in loader:
            step = progress.epoch_in_phase * len(order) + progress.batch
            factor = schedule(step, steps, warmup=self.recipe.warmup, final=phase.final)
            set_rates(self.optimizer, phase, factor)
            torch.manual_seed(seed_of(self.recipe.seed, progress.epoch, progress.batch))  # for dropout
            losses = self._step(batch.to(self.device))
            progress.batch += 1
            now = time.monotonic()
            self._tell(losses, progress, len(order), len(batch.labels) / (now - before))
            before = now
            if now - saved > STATE_SECONDS:
                self._save(progress)
                saved = now

    def _step(self, batch: Batch) -> LossReport:
        self.model.train()
        for name in self.recipe.model.frozen_image_parts:
            self.model.image_tower.get_submodule(name).eval()  # their batch statistics stay too
        losses: LossReport = self.step(batch)
        self.optimizer.zero_grad(set_to_none=True)
        losses.total.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimizer.step()
        return losses

    def _tell(self, losses: LossReport, progress: Progress, steps: int, rate: float) -> None:
        terms = {name: value.item() for name, value in losses.terms.items()}
        if not all(map(math.isfinite, terms.values())):
            raise InputError(f"The loss is not finite ({terms}): lower the learning rates of this phase.")
        epochs = sum(phase.epochs for phase in self.recipe.phases)
        self.report(StepReport(progress.batch, steps, progress.epoch, epochs, terms, rate))
        if progress.batch % LOG_STEPS == 0:
            self._log({"epoch": progress.epoch, "batch": progress.batch, "images_per_second": rate, **terms})

    def _keep_best(self, progress: Progress) -> None:
        """Write the model if it is the best so far on the validation split, or if there is no such split."""
        model = blend(self.model, self.start, self.recipe.model.keep)
        if self.val is not None:
            measured = self._measure(model, self.val, progress).percent
            self._log({"epoch": progress.epoch, "val": measured})
            rank_1, mean_ap = measured["R1"], measured["mAP"]
            self.say(f"epoch {progress.epoch}: validation R@1 {rank_1:.2f}, mAP {mean_ap:.2f}")
            if rank_1 <= progress.best:
                return
            progress.best = rank_1
        save_model(model, self.processor, self.out / "model")

    def _measure(self, model: JointModel, val: Benchmark, progress: Progress) -> RetrievalResult:
        model.eval()
        info = EncoderInfo("training", f"epoch {progress.epoch}", self.model.config.projection_dim)
        encoder = Encoder(TransformersTowers(model, self.processor, self.device), info)
        return evaluate(encoder, val).directions["text_to_image"]

    def _save(self, progress: Progress) -> None:
        save_state(self.out, progress, self.model, self.step.objective, self.optimizer)

    def _log(self, row: dict[str, Any]) -> None:
        with (self.out / "log.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")


def view_sizes(model: JointModel, data: TrainingSet) -> dict[str, Sizes]:
    """View name -> what the losses on it must know: the global vector, and each branch."""
    common = {
        "classes": data.classes,
        "attributes": data.groups,
        "image_width": model.image_width,
        "text_width": model.text_width or 0,
        "vocabulary": model.config.text_config.vocab_size if model.text_width else 0,
    }
    sizes = {GLOBAL: Sizes(model.config.projection_dim, **common)}
    for name, branch in model.branches.items():
        sizes[name] = Sizes(branch.parts * branch.dim, parts=branch.parts, part_dim=branch.dim, **common)
    return sizes
