"""States that version 0.1 wrote, in today's form, so that its runs go on.

It kept one state for all phases, and one for each locked stage in a folder of its own; whether hubs were
countered, only the model told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import safe_open

from textreid.io.run_folder import RunFolder

if TYPE_CHECKING:
    from textreid.training.stage import Stage

OVER = 1
"""What the phase of a locked stage's state was called when the stage was over."""


def is_of_0_1(content: Mapping[str, Any]) -> bool:
    """Whether version 0.1 wrote a state."""
    return "progress" in content


def translate(content: Mapping[str, Any], folder: RunFolder, stages: Sequence[Stage]) -> dict[str, Any]:
    """A state in today's form.

    Args:
        content: what `state.pt` holds.
        folder: of the run.
        stages: those of its recipe: phases, then locked ones, then perhaps hubness.
    """
    progress = content["progress"]
    phases = [stage for stage in stages if stage.name == "phase"]
    current = min(progress["phase"], len(phases) - 1)
    over = progress["phase"] == len(phases) or progress["epoch_in_phase"] >= phases[current].config.epochs
    counts = {name: progress[name] for name in ("steps", "best")}
    if not over or current < len(phases) - 1:
        return _phase(content, current, finished=over, counts=counts)
    found = _phase(content, current, finished=True, counts=counts)
    for number, stage in enumerate(stages[len(phases) :]):
        index = len(phases) + number
        if stage.name == "locked":
            path = folder.stage("locked", number) / folder.state.name
            if not path.is_file():
                break
            found = _locked(load_tensors(path), index, counts)
            if not found["run"]["finished"]:
                break
        elif stage.name == "hubness" and _hubs_are_countered(folder.model):
            found = {"run": {"stage": index, "name": "hubness", "finished": True, **counts}}
    return found


def load_tensors(path: Path) -> Any:
    """What a state's file holds: tensors, read as they are used, and plain values."""
    return torch.load(path, map_location="cpu", weights_only=True, mmap=True)


def _phase(
    content: Mapping[str, Any], stage: int, *, finished: bool, counts: Mapping[str, Any]
) -> dict[str, Any]:
    progress = content["progress"]
    run = {
        "stage": stage,
        "name": "phase",
        "epoch": progress["epoch_in_phase"],
        "batch": progress["batch"],
        "finished": finished,
        **counts,
    }
    found = {"trust": progress["trust"], "neighbours": progress["look_alikes"]}
    task = _prefixed("model", content["model"]) | _prefixed("objective", content["objective"])
    return _without_hubs(content, run, task | {"_extra_state": found})


def _locked(content: Mapping[str, Any], stage: int, counts: Mapping[str, Any]) -> dict[str, Any]:
    progress = content["progress"]
    run = {
        "stage": stage,
        "name": "locked",
        "epoch": progress["epoch"],
        "batch": progress["batch"],
        "finished": progress["phase"] == OVER,
        **counts,
    }
    rest = {name: part for name, part in content.items() if name in ("optimizer", "average", "scaler")}
    return {"run": run, "task": _prefixed("model", content["model"]) | content["lesson"], **rest}


def _without_hubs(content: Mapping[str, Any], run: Mapping[str, Any], task: dict[str, Any]) -> dict[str, Any]:
    """Models had a place for hubs from their start; now the stage that counters them makes it."""
    task.pop("model.hubs", None)
    rest = {name: part for name, part in content.items() if name in ("optimizer", "average", "scaler")}
    if "average" in rest:
        rest["average"] = {name: w for name, w in rest["average"].items() if name != "module.hubs"}
    return {"run": dict(run), "task": task, **rest}


def _prefixed(name: str, state: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{name}.{key}": value for key, value in state.items()}


def _hubs_are_countered(model: Path) -> bool:
    with safe_open(model / "model.safetensors", "pt") as weights:
        names = list(weights.keys())
        return "hubs" in names and bool(weights.get_tensor("hubs").any())
