"""What a run shows of itself: its model, `best.json` and curves, which follow its state.

The state alone decides how far a run is. A model is first stored by its number beside the one that is shown,
and the state, once it is saved, says which number is the newest; only then are the others put in place. A
process that ends anywhere leaves the state before with all that it needs, or the new one, by which the next
process puts in place what is missing. Whatever no state speaks of is left over, and goes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from textreid.io.run_folder import RunFolder
from textreid.training.progress import RunState
from textreid.training.run_log import draw_log
from textreid.training.stage import Stage
from textreid_index.whole_folder import clear_away, put_in_place, whole_folder


def publish(folder: RunFolder, state: RunState, stages: Sequence[Stage]) -> None:
    """Show what the saved state of a run says, and remove what is left over.

    Args:
        folder: of the run.
        state: as it was saved last.
        stages: those of its recipe.
    """
    clear_away(folder.model)
    newest, start = folder.kept(state.kept), folder.kept(state.start)
    if newest.is_dir():
        if not state.finished and 0 < state.start < state.kept and not start.is_dir():
            _keep_beside(folder.model, start)
        put_in_place(newest, folder.model)
    if state.kept:
        folder.write_best(state.chosen)
    draw_log(folder)
    for path in folder.all_kept():
        if state.finished or path != start:
            shutil.rmtree(path, ignore_errors=True)
    over = state.stage + 1 if state.finished else max(0, state.stage)
    for number in range(over):
        shutil.rmtree(stage_folder(folder, stages, number), ignore_errors=True)


def stage_folder(folder: RunFolder, stages: Sequence[Stage], number: int) -> Path:
    """Where a stage may store what it needs while it is under way.

    Args:
        folder: of the run.
        stages: those of its recipe.
        number: of the stage among them.
    """
    name = stages[number].name
    return folder.stage(name, sum(stage.name == name for stage in stages[:number]))


def _keep_beside(model: Path, start: Path) -> None:
    """The model once more, without taking its room twice where the disk can do so."""
    with whole_folder(start) as working:
        shutil.copytree(model, working, copy_function=_link_or_copy, dirs_exist_ok=True)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
