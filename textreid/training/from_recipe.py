"""Training: a recipe's stages, one after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from accelerate import Accelerator

from textreid.data.training_set import read_training_set
from textreid.io.refusals import in_words
from textreid.io.run_folder import RunFolder
from textreid.recipe.recipe import Recipe
from textreid.training.before import remarks, require_usable
from textreid.training.checkpoint import read_state, renew_state, settle
from textreid.training.data_digest import digest_data, require_same_data
from textreid.training.distributed import leave_at_exit, make_accelerator
from textreid.training.progress import SILENT, CallbackReporter, Reporter, RunState, StepReport
from textreid.training.publication import publish
from textreid.training.run import TrainingRun
from textreid.training.run_lock import train_alone
from textreid.training.run_log import RunLog
from textreid.training.stage import Stage, read_stages
from textreid.training.validation import measure_finished, read_benchmarks


def train(
    recipe: Recipe,
    out: Path,
    *,
    device: str = "cpu",
    reporter: Reporter = SILENT,
    report: Callable[[StepReport], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> Path:
    """Train by a recipe, going on from where `out` was left.

    A run that is interrupted and resumed ends with the same weights as one that is not, on the same machine.
    Under `torchrun` or `accelerate launch` each process takes a part of each batch, and the first reports.

    Args:
        recipe: see `textreid.recipe.load_recipe`.
        out: folder of the run; docs/training.md says what is in it.
        device: a torch device; of several processes each takes its own of that kind.
        reporter: called after every step, and with what is measured.
        report: as a reporter's `step`; goes on working for code of version 0.1.
        say: as a reporter's `note`; likewise.

    Returns:
        The folder of the trained model: the best of the phases on the first validation split, or the last,
        and what the stages after them have made of it.

    Raises:
        InputError: the recipe lacks data, stages or what one of them needs, its data cannot be read, `out`
            holds a run of another recipe, another process is training there, or a loss is no longer finite.
    """
    if report is not None or say is not None:
        print("train(report=, say=) is now train(reporter=); see textreid.training.progress", file=sys.stderr)
        reporter = CallbackReporter(report, say)
    folder, stages = RunFolder(out), read_stages(recipe)
    accelerator = make_accelerator(device, recipe.precision)
    with in_words(out), train_alone(folder) if accelerator.is_main_process else nullcontext():
        _train(recipe, stages, folder, accelerator, reporter)
    leave_at_exit()
    return folder.model


def _train(
    recipe: Recipe, stages: Sequence[Stage], folder: RunFolder, accelerator: Accelerator, reporter: Reporter
) -> None:
    first = accelerator.is_main_process
    with accelerator.main_process_first():  # it draws people for all
        if first:
            settle(recipe, folder)
            renew_state(folder, stages)
        data = read_training_set(recipe.data, folder.path, reads_text=recipe.model.reads_text)
        val = read_benchmarks(recipe.val, folder.path)
        state, digests = read_state(folder, stages), digest_data(data, val)
        require_same_data(state.data, digests, folder)
        require_usable(recipe, data, val)
        if first:
            publish(folder, state, stages)
    if state.is_over(stages):
        return
    run = TrainingRun(
        recipe=recipe,
        stages=stages,
        folder=folder,
        accelerator=accelerator,
        data=data,
        val=val,
        reporter=reporter if first else SILENT,
        log=RunLog(folder, state.lines) if first else None,
        state=state,
    )
    if run.log is not None and run.state == RunState():
        run.log.note(run.reporter.note)
        for sentence in remarks(recipe, data, val):
            run.reporter.note(sentence)
    run.state.data = digests
    for number, stage in enumerate(stages):
        if run.enter(number):
            stage.run(run, stage.config)
            if stage is stages[-1]:
                measure_finished(run)
            run.leave()
    if run.log is not None:
        run.log.close()
