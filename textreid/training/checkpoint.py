"""What a training run keeps in its folder to go on from: its settings and its state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from textreid.config import build
from textreid.errors import InputError, ModelError
from textreid.io.run_folder import RunFolder, write_json
from textreid.recipe.recipe import Recipe
from textreid.recipe.renamed import rename_keys
from textreid.training.progress import Progress
from textreid_index.whole_folder import whole_file


def settle(recipe: Recipe, out: Path) -> None:
    """Write the recipe into the folder of its run, unless the folder is another recipe's.

    Args:
        recipe: what is going to be trained.
        out: folder of the run; made if missing.

    Raises:
        InputError: the folder holds the state of a run with other settings.
    """
    path = RunFolder(out).recipe
    if path.is_file() and RunFolder(out).state.is_file():
        before = build(Recipe, rename_keys(json.loads(path.read_text(encoding="utf-8"))), where=str(path))
        old, new = vars(_comparable(before)), vars(_comparable(recipe))
        changed = [name for name in new if old[name] != new[name]]
        if changed:
            raise InputError(
                f"'{out}' holds a run with another {' and '.join(changed)}: choose another --out, or delete"
                f" '{path}' to go on with the new settings from where it is."
            )
    write_json(path, asdict(recipe))


def _comparable(recipe: Recipe) -> Recipe:
    """Without what changes no result: the description, where the data lies, how many processes read it."""
    data = tuple(replace(data, root="") for data in recipe.data)
    val = tuple(replace(data, root="") for data in recipe.val)
    return replace(recipe, description="", workers=0, data=data, val=val)


OLD_NAMES = {"task": "lesson"}
"""What parts were called in states that are resumed still."""


def save_state(folder: Path, progress: Progress, parts: Mapping[str, Any]) -> None:
    """Write everything that a run needs to go on; a kill while writing leaves the previous state.

    Random numbers need no state: they are a function of the seed, the epoch and the batch.

    Args:
        folder: of the run; made if missing.
        progress: how far it is.
        parts: name -> what has a `state_dict()`.
    """
    state = {"progress": vars(progress), **{name: part.state_dict() for name, part in parts.items()}}
    with whole_file(RunFolder(folder).state) as file:
        torch.save(state, file)


def load_state(folder: Path, parts: Mapping[str, Any]) -> Progress:
    """Go back to the last saved state, or to the start where there is none.

    Args:
        folder: of the run.
        parts: name -> what has a `load_state_dict()`, as `save_state` was given.

    Raises:
        ModelError: the state belongs to another recipe, or is damaged.
    """
    path = RunFolder(folder).state
    if not path.is_file():
        return Progress()
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)  # tensors and plain values alone
        for name, part in parts.items():
            part.load_state_dict(state[name if name in state else OLD_NAMES[name]])
        return Progress(**state["progress"])
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, EOFError, UnpicklingError) as error:
        raise ModelError(
            f"'{path}' belongs to another recipe, or is damaged: choose another --out, or delete it to start"
            f" anew. {error}"
        ) from error
