"""What a training run goes on from: its settings and its state, in its folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from textreid.errors import InputError, ModelError, TextReIDError
from textreid.io.plain_data import read_json
from textreid.io.run_folder import RunFolder, write_json
from textreid.recipe.recipe import Recipe, read_recipe
from textreid.training.progress import RunState
from textreid.training.publication import stage_folder
from textreid.training.stage import Stage, read_stages
from textreid.training.state_of_0_1 import is_of_0_1, load_tensors, translate
from textreid_index.whole_folder import whole_file


def settle(recipe: Recipe, folder: RunFolder) -> None:
    """Write the recipe into the folder of its run, unless the folder is another recipe's.

    Where the settings of a state were deleted, it goes on by the new ones, also if it was finished. What
    stages have stored for themselves by other settings is removed.

    Args:
        recipe: what is going to be trained.
        folder: of the run; made if missing.

    Raises:
        InputError: the folder holds the state of a run with other settings, or settings that cannot be read.
        ModelError: its state is damaged.
    """
    path, stages = folder.recipe, read_stages(recipe)
    changed = _changes(recipe, path) if path.is_file() else None
    if changed and folder.state.is_file():
        raise InputError(
            f"'{folder.path}' holds a run with another {' and '.join(changed)}: choose another --out, or"
            f" delete '{path}' to go on with the new settings from where it is."
        )
    other = changed != []
    if folder.state.is_file():
        _settle_state(folder, stages, reopen=other)
    for number in range(len(stages) if other else 0):
        shutil.rmtree(stage_folder(folder, stages, number), ignore_errors=True)
    tables = tuple(stage.table for stage in stages)
    write_json(path, asdict(replace(recipe, stages=tables)))


def _changes(recipe: Recipe, path: Path) -> list[str]:
    """Names of the settings that are not those of a recipe that was written."""
    try:
        before = read_recipe(dict(read_json(path)), where=str(path))
        old, new = _comparable(before), _comparable(recipe)
    except Exception as error:  # whatever stands there in place of settings
        raise InputError(
            f"'{path}' holds no settings of a run: delete it to go on with those of the command. {error}"
        ) from error
    return [name for name in new if old[name] != new[name]]


def _settle_state(folder: RunFolder, stages: Sequence[Stage], *, reopen: bool) -> None:
    """Bring the state of a former version into today's form, and let a stage that is over go on.

    That is done before other settings are written, so that a kill in between loses neither.
    """
    with _reading(folder.state):
        before, content = load_tensors(folder.state).get("run"), _content(folder, stages)
    run = content["run"] | ({"finished": False} if reopen else {})
    if run != before:
        _write(folder, content | {"run": run})


def _comparable(recipe: Recipe) -> dict[str, Any]:
    """Without what changes no result: the description, where the data lies, how many processes read it."""
    data = tuple(replace(data, root="") for data in recipe.data)
    val = tuple(replace(data, root="") for data in recipe.val)
    stages = [(stage.name, stage.config) for stage in read_stages(recipe)]
    return vars(replace(recipe, description="", workers=0, data=data, val=val)) | {"stages": stages}


def save_state(folder: RunFolder, state: RunState, parts: Mapping[str, Any]) -> None:
    """Write everything that a run needs to go on; a kill while writing leaves the previous state.

    Random numbers need no state: they are a function of the seed, the epoch and the batch.

    Args:
        folder: of the run; made if missing.
        state: how far it is.
        parts: name -> what has a `state_dict()`.
    """
    _write(folder, {"run": vars(state), **{name: part.state_dict() for name, part in parts.items()}})


def _write(folder: RunFolder, content: Mapping[str, Any]) -> None:
    with whole_file(folder.state) as file:
        torch.save(dict(content), file)


def renew_state(folder: RunFolder, stages: Sequence[Stage]) -> None:
    """Write the state of a run of version 0.1 in today's form, before anything that it needs is tidied away.

    Args:
        folder: of the run.
        stages: those of its recipe.

    Raises:
        ModelError: the state is damaged.
    """
    if folder.state.is_file():
        with _reading(folder.state):
            content = load_tensors(folder.state)
            if is_of_0_1(content):
                _write(folder, translate(content, folder, stages))


def read_state(folder: RunFolder, stages: Sequence[Stage]) -> RunState:
    """How far a run is, by the last saved state; at the start where there is none.

    Args:
        folder: of the run.
        stages: those of its recipe.

    Raises:
        ModelError: the state is damaged.
        InputError: it was left in a stage that the recipe does not have there.
    """
    if not folder.state.is_file():
        return RunState()
    with _reading(folder.state):
        state = RunState(**_content(folder, stages)["run"])
    if state.stage >= len(stages) or (state.stage >= 0 and stages[state.stage].name != state.name):
        raise InputError(
            f"'{folder.path}' was left in stages[{state.stage}], '{state.name}', which the recipe does not"
            f" have there: choose another --out, or delete '{folder.state}' to start anew."
        )
    return state


def restore(folder: RunFolder, stages: Sequence[Stage], parts: Mapping[str, Any]) -> None:
    """Bring parts to where they were when the state was saved last.

    Args:
        folder: of the run.
        stages: those of its recipe.
        parts: name -> what has a `load_state_dict()`, as `save_state` was given.

    Raises:
        ModelError: the state belongs to other parts, or is damaged.
    """
    with _reading(folder.state):
        content = _content(folder, stages)
        for name, part in parts.items():
            part.load_state_dict(content[name])


def _found_beside(folder: RunFolder) -> dict[str, Any]:
    """What the state of a former version does not say: there was one model, and the log may repeat steps."""
    kept = int(folder.model.is_dir())
    return {"kept": kept, "start": kept, "chosen": folder.read_best(), "lines": None}


def _content(folder: RunFolder, stages: Sequence[Stage]) -> dict[str, Any]:
    """What a state holds; its tensors are read from the file as they are used."""
    content = load_tensors(folder.state)
    if is_of_0_1(content):
        content = translate(content, folder, stages)
    run = content["run"]
    return content | {"run": run if "kept" in run else run | _found_beside(folder)}


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (TextReIDError, MemoryError):
        raise
    except Exception as error:
        raise ModelError(
            f"'{path}' belongs to another recipe, or is damaged: choose another --out, or delete it to start"
            f" anew. {error}"
        ) from error
