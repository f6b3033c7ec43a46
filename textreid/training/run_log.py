"""What a training run writes down of itself: lines of JSON, TensorBoard's events, curves.

Each line says by its "kind" what it holds: "losses" of a step, a "validation", or how many pairs a search for
"noisy pairs" believes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, Literal

from textreid.io.run_folder import RunFolder
from textreid.training.plot import Curve, draw_curves

WITHOUT_TENSORBOARD = "TensorBoard is not installed, so no events are written: pip install 'textreid[train]'"


Kind = Literal["losses", "validation", "noisy pairs"]


class RunLog:
    """The log, TensorBoard's events and the curves in the folder of a run.

    A run that goes on from its last state writes some steps anew; the later line counts.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._events: Any = None
        if find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._events = SummaryWriter(str(folder.events))

    def note(self, say: Callable[[str], None]) -> None:
        """Say what is missing."""
        if self._events is None:
            say(WITHOUT_TENSORBOARD)

    def add(self, step: int, kind: Kind, row: Mapping[str, Any]) -> None:
        """Write a line; numbers in it, and in tables inside it, become scalars.

        Args:
            step: batches of the run so far.
            kind: what the line holds.
            row: what is known at that step.
        """
        with self.folder.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "kind": kind, **row}) + "\n")
        if self._events is not None:
            for name, value in _scalars(row):
                self._events.add_scalar(name, value, step)

    def draw(self) -> None:
        """Draw all losses and validations so far."""
        if self._events is not None:
            self._events.flush()
        lines = self.folder.log.read_text(encoding="utf-8").splitlines()
        rows = {(row["step"], kind_of(row)): row for row in map(json.loads, lines)}
        losses: dict[str, Curve] = {}
        measured: dict[str, Curve] = {}
        for (step, kind), row in sorted(rows.items()):
            for name, value in _scalars(row):
                if kind == "validation" and name.endswith(("/R1", "/mAP")):
                    measured.setdefault(name, []).append((step, value))
                elif kind == "losses" and name != "images_per_second":
                    losses.setdefault(name, []).append((step, value))
        relative = {
            name: [(step, value / curve[0][1]) for step, value in curve]
            for name, curve in losses.items()
            if curve[0][1]
        }
        panels = {"losses, of their first value": relative, "validation, percent": measured}
        draw_curves(panels, self.folder.curves)

    def close(self) -> None:
        """Write out what is waiting."""
        if self._events is not None:
            self._events.close()


def kind_of(row: Mapping[str, Any]) -> Kind:
    """What a line holds; lines of version 0.1 name no kind and are known by their keys."""
    if "kind" in row:
        kind: Kind = row["kind"]
        return kind
    if "believed" in row:
        return "noisy pairs"
    return "validation" if "val" in row else "losses"


def _scalars(row: Mapping[str, Any], prefix: str = "") -> list[tuple[str, float]]:
    found = []
    for name, value in row.items():
        if isinstance(value, Mapping):
            found += _scalars(value, f"{prefix}{name}/")
        elif isinstance(value, float):
            found.append((prefix + name, value))
    return found
