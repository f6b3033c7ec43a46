"""Training that goes on while one tower stands still, against everything that it makes of the training data.

A batch holds few people who look alike. What a tower makes of all pictures, or of all sentences, can be kept
once it no longer changes, and what the other makes of a batch be compared with every one of them at the price
of one product of matrices (locked-image tuning: Zhai et al., "LiT: Zero-Shot Transfer with Locked-image text
Tuning", CVPR 2022; the paper compares with a large batch, and locks the image tower alone).
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from textreid.data.batches import seed_of
from textreid.data.training_set import TrainingSet
from textreid.errors import InputError
from textreid.models.folder import load_whole, save_model
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.recipe.recipe import Recipe
from textreid.recipe.training import Phase
from textreid.training.averaging import MovingAverage
from textreid.training.checkpoint import load_state, save_state
from textreid.training.freezing import freeze
from textreid.training.optimizer import make_optimizer, schedule, set_rates
from textreid.training.precision import half_dtype
from textreid.training.stages.locked.image_task import ImageTask
from textreid.training.stages.locked.task import LockedContext
from textreid.training.stages.locked.text_task import TextTask
from textreid.types import ShowProgress

WARMUP = 0.1
"""Epochs over which the rates rise."""
STATE_SECONDS = 300
DONE = 1
"""`Progress.phase` of a stage that is over."""

Report = Callable[[str, int, int, dict[str, float]], None]
"""Told after every step what stands still, how many are done, of how many, and each loss."""

STILL = {"image": ("image_tower",), "text": ("text_tower", "text_projection")}
TASKS: dict[str, type[TextTask] | type[ImageTask]] = {
    "image": TextTask,
    "text": ImageTask,
}


def train_locked(
    out: Path,
    data: TrainingSet,
    recipe: Recipe,
    number: int,
    *,
    device: str,
    show: ShowProgress,
    report: Report,
) -> bool:
    """Train the model of a finished run on, going on from where it was left.

    Args:
        out: folder of the run. Its model is replaced; what the fixed tower makes of the data is kept in
            `locked-NUMBER/` meanwhile.
        data: its training data.
        recipe: of the run.
        number: which of `recipe.locked`; those before it are done.
        device: a torch device.
        show: told how far the preparations are.
        report: see `Report`.

    Returns:
        Whether there was anything to do.

    Raises:
        InputError: a picture cannot be read, the disk is full, or a loss is no longer finite.
    """
    locked = recipe.locked[number]
    name, still = f"locked-{number}", (*STILL[locked.frozen], *recipe.model.frozen)
    phase = Phase(
        locked.epochs,
        image_rate=locked.image_rate,
        text_rate=locked.text_rate,
        head_rate=locked.head_rate,
        warmup=WARMUP,
    )
    folder, kept = out / name, out / name / "kept"
    if load_state(folder, {}).phase == DONE:
        shutil.rmtree(kept, ignore_errors=True)  # a kill at the very end leaves it
        return False
    model: JointModel = load_whole(JointModel, out / "model").to(device).eval()
    processor = JointProcessor.from_pretrained(out / "model")
    context = LockedContext(kept, data, model, processor, recipe, locked, show)
    task = TASKS[locked.frozen](context).to(device)
    optimizer = make_optimizer(model, task, recipe.optimizer, untrained=still)
    average = MovingAverage(model, recipe.average) if recipe.average else None
    scaler = torch.amp.GradScaler(model.device.type, enabled=half_dtype(recipe.precision) is torch.float16)
    parts: dict[str, Any] = {"model": model, "task": task, "optimizer": optimizer, "scaler": scaler}
    parts |= {} if average is None else {"average": average}
    progress = load_state(folder, parts)
    steps, saved = phase.epochs * task.batches, time.monotonic()
    with freeze(model, still):
        while progress.epoch < phase.epochs:
            for inputs in task.inputs(progress.epoch, progress.batch):
                torch.manual_seed(seed_of(recipe.seed, progress.epoch, progress.batch))
                set_rates(optimizer, phase, schedule(phase, progress.steps, task.batches))
                losses = task(model, inputs)
                values = {name: loss.item() for name, loss in losses.items()}
                if not all(map(math.isfinite, values.values())):
                    raise InputError(f"The loss is not finite ({values}): lower the rates of [[locked]].")
                optimizer.zero_grad()
                scaler.scale(torch.stack(list(losses.values())).sum()).backward()
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), recipe.optimizer.clip)
                scaler.step(optimizer)
                scaler.update()
                if average is not None:
                    average.update_parameters(model)
                progress.batch, progress.steps = progress.batch + 1, progress.steps + 1
                report(f"{locked.frozen} tower locked", progress.steps, steps, values)
                if time.monotonic() - saved > STATE_SECONDS:
                    save_state(folder, progress, parts)
                    saved = time.monotonic()
            progress.batch, progress.epoch = 0, progress.epoch + 1
    learned: Any = model if average is None else average.module
    save_model(learned.cpu().eval(), processor, out / "model")
    progress.phase = DONE
    save_state(folder, progress, parts)
    shutil.rmtree(kept)
    return True
