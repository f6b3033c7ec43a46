"""The training loop of every stage: batches in, named losses out, on one process and on many."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, cast

import torch

from textreid.data.batches import seed_of
from textreid.errors import InputError
from textreid.models.finite import find_not_finite
from textreid.models.joint import JointModel
from textreid.training.averaging import MovingAverage
from textreid.training.freezing import freeze
from textreid.training.optimizer import make_optimizer
from textreid.training.progress import StepReport
from textreid.training.run import TrainingRun
from textreid.training.schedule import Schedule
from textreid.training.task import Task
from textreid.types import LossReport

STATE_SECONDS = 300
"""The state is saved as often within an epoch, and at the end of each."""
LOG_STEPS = 20


def fit(
    run: TrainingRun,
    task: Task,
    schedule: Schedule,
    *,
    frozen: Sequence[str] = (),
    accumulate: int = 1,
    first_epoch: int = 0,
    continues: bool = False,
) -> JointModel:
    """Train a task to the end of its schedule, going on from where the run's state is.

    Args:
        run: the run; the optimizer, the precision and the average are its recipe's.
        task: what is learned.
        schedule: how long, and how fast.
        frozen: modules of the model that stay as they are, batch statistics too, beside those that the recipe
            freezes for the whole run.
        accumulate: batches whose gradients are added up for one change of the weights.
        first_epoch: number of the schedule's first epoch, which seeds what is drawn.
        continues: go on with the weights, optimizer and average that the stage before has left.

    Returns:
        What was learned, the moving average of the weights where the recipe asks for one. It is `run.model`
        from the beginning.

    Raises:
        InputError: a loss or a weight is no longer finite; what was saved before stays.
        ModelError: the state belongs to another model, or is damaged.
    """
    recipe, state, accelerator = run.recipe, run.state, run.accelerator
    model = task.to(accelerator.device).model
    heads = [(name, w) for name, w in task.named_parameters() if not name.startswith("model.")]
    optimizer = make_optimizer(model, heads, recipe.optimizer, untrained=recipe.model.frozen)
    average = MovingAverage(model, recipe.average) if recipe.average else None
    parts: dict[str, Any] = {"task": task, "optimizer": optimizer}
    parts |= {} if average is None else {"average": average}
    parts |= {} if accelerator.scaler is None else {"scaler": accelerator.scaler}
    run.restore(parts, continues=continues)
    learned = model if average is None else cast(JointModel, average.module)
    run.model = learned
    with freeze(model, (*recipe.model.frozen, *frozen)) as frozen_modules:
        module = accelerator.prepare_model(task)
        stepper = accelerator.prepare_optimizer(optimizer, device_placement=False)
        saved = before = time.monotonic()
        while state.epoch < schedule.epochs:
            epoch = first_epoch + state.epoch
            steps, batches = task.open_epoch(epoch, state.batch)
            task.train()
            for part in frozen_modules:
                part.eval()  # their batch statistics stay too
            updates = -(-steps // accumulate)
            whole, learns = state.batch == 0, False
            for rows, inputs in batches:
                first = state.batch - state.batch % accumulate
                last = state.batch + 1 in (first + accumulate, steps)
                update = state.epoch * updates + state.batch // accumulate
                schedule.set_rates(optimizer, schedule.fraction(update, updates))
                torch.manual_seed(seed_of(run.process_seed, epoch, state.batch))
                weight = 1 / min(accumulate, steps - first)
                with nullcontext() if last else accelerator.no_sync(module):
                    losses = module(inputs)
                    accelerator.backward(weight * losses.total)
                if last:
                    accelerator.clip_grad_norm_(model.parameters(), recipe.optimizer.clip)
                    stepper.step()
                    stepper.zero_grad()
                    if average is not None:
                        average.update_parameters(model)
                state.batch, state.steps = state.batch + 1, state.steps + 1
                terms, now = _finite_terms(losses, run), time.monotonic()
                learns |= any(value != 0 for value in terms.values())
                rate, before = rows / (now - before), now
                epochs = state.epoch, schedule.epochs
                run.reporter.step(StepReport(task.title, state.batch, steps, *epochs, terms, rate))
                if run.log is not None and (state.batch % LOG_STEPS == 0 or state.batch == steps):
                    row = {"epoch": epoch, "batch": state.batch, "images_per_second": rate}
                    run.log.add(state.steps, "losses", row | terms)
                if last and now - saved > STATE_SECONDS:
                    _require_finite_weights(run)
                    run.save_state()
                    saved = now
            _require_finite_weights(run)
            if whole and not learns:
                run.reporter.note(
                    f"epoch {epoch + 1}: every loss was 0 in all {steps} batches, so nothing was learned."
                    " Take more people or images a batch (sampler.identities, sampler.images)."
                )
            state.batch, state.epoch = 0, state.epoch + 1
            task.finish_epoch(epoch + 1)
            run.save_state()
            saved = before = time.monotonic()
            accelerator.wait_for_everyone()
    accelerator.free_memory()
    return learned


def _finite_terms(losses: LossReport, run: TrainingRun) -> dict[str, float]:
    """The terms as numbers; the device is waited for once.

    Raises:
        InputError: one is not finite, or their sum.
    """
    *values, total = torch.stack([*losses.terms.values(), losses.total.detach()]).tolist()
    terms = run.losses = dict(zip(losses.terms, values, strict=True))
    for name, value in {**terms, "total": total}.items():
        if not math.isfinite(value):
            raise InputError(run.describe_stop(f"the loss '{name}' is {value}"))
    return terms


def _require_finite_weights(run: TrainingRun) -> None:
    """Raise `InputError` where a weight that would be saved is not finite."""
    for part in ("task", "average"):
        name = find_not_finite(run.parts[part].state_dict()) if part in run.parts else None
        if name is not None:
            raise InputError(run.describe_stop(f"the weight '{name}' is not finite"))
