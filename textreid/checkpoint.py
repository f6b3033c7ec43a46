"""What training leaves on disk: a model folder that anything can load, and a state to resume from."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from textreid.errors import ModelError
from textreid.models.joint import JointModel
from textreid.models.processing import JointProcessor


def save_model(model: JointModel, processor: JointProcessor, folder: Path) -> None:
    """Write a model folder: fp16 weights in safetensors, configuration, processor, sentence-transformers' modules.

    The folder appears whole or not at all. It loads as fp32 with `AutoModel` and as a `SentenceTransformer`.

    Args:
        model: any precision; not changed.
        processor: its image size becomes the model's.
        folder: replaced if it exists.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    half = {
        name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in model.state_dict().items()
    }
    model.save_pretrained(partial, state_dict=half)
    processor.save_pretrained(partial)
    _edit_json(partial / "config.json", {"dtype": "float32"})
    _add_sentence_transformers_modules(partial)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def _edit_json(path: Path, changes: dict[str, Any]) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes, indent=2, sort_keys=True) + "\n")


def _add_sentence_transformers_modules(folder: Path) -> None:
    """Name the two steps of a `SentenceTransformer`: the joint model, then unit length."""
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Normalize

    steps = [("0", "", Transformer), ("1", "1_Normalize", Normalize)]
    modules = [
        {"idx": index, "name": name, "path": path, "type": f"{module.__module__}.{module.__name__}"}
        for index, (name, path, module) in enumerate(steps)
    ]
    (folder / "1_Normalize").mkdir()
    (folder / "1_Normalize" / "config.json").write_text("{}\n")
    (folder / "modules.json").write_text(json.dumps(modules, indent=2) + "\n")


@dataclass
class Progress:
    """How far a training run is.

    Attributes:
        phase: index of the current phase.
        epoch: epochs finished in all.
        epoch_in_phase: epochs finished in this phase.
        batch: batches finished in this epoch.
        best: best text→image R@1 on the validation split so far, percent.
    """

    phase: int = 0
    epoch: int = 0
    epoch_in_phase: int = 0
    batch: int = 0
    best: float = -1.0


def save_state(
    folder: Path, progress: Progress, model: nn.Module, objective: nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Write everything that a run needs to go on; a kill while writing leaves the previous state."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "state.partial"
    state = {
        "progress": vars(progress),
        "model": model.state_dict(),
        "objective": objective.state_dict(),
        "optimizer": optimizer.state_dict(),
        "rng": torch.get_rng_state(),
    }
    with partial.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / "state.pt")


def load_state(
    folder: Path, model: nn.Module, objective: nn.Module, optimizer: torch.optim.Optimizer
) -> Progress:
    """Go back to the last saved state, or to the start where there is none.

    Raises:
        ModelError: the state belongs to another recipe.
    """
    path = folder / "state.pt"
    if not path.is_file():
        return Progress()
    state = torch.load(path, map_location="cpu", weights_only=True)
    try:
        model.load_state_dict(state["model"])
        objective.load_state_dict(state["objective"])
        optimizer.load_state_dict(state["optimizer"])
    except (RuntimeError, ValueError, KeyError) as error:
        raise ModelError(
            f"'{path}' belongs to another recipe: choose another --out, or delete it to start anew. {error}"
        ) from error
    torch.set_rng_state(state["rng"])
    return Progress(**state["progress"])
