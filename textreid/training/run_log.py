"""What a training run writes down of itself: lines of JSON, TensorBoard's events, curves.

Each line says by its "kind" what it holds: "losses" of a step, a "validation", how many pairs a search for
"noisy pairs" believes, what fraction of numbers "domain dropout" finds to help a data set, or how many crops
without labels are in how many "clusters".
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from textreid.errors import InputError
from textreid.io.run_folder import RunFolder
from textreid.training.plot import Curve, draw_curves
from textreid_index.whole_folder import whole_file

WITHOUT_TENSORBOARD = "TensorBoard is not installed, so no events are written: pip install 'textreid[train]'"


Kind = Literal["losses", "validation", "noisy pairs", "domain dropout", "clusters"]


class RunLog:
    """The log, TensorBoard's events and the curves in the folder of a run.

    A run that goes on from its last state writes the steps since then anew, so what was written of them is
    taken away. TensorBoard's events are written again from the lines that are left.

    Args:
        folder: of the run.
        lines: how many lines of the log stand; None for all that were written to their end.

    Raises:
        InputError: the log holds something else.
    """

    def __init__(self, folder: RunFolder, lines: int | None = None) -> None:
        self.folder = folder
        self._events: Any = None
        rows = _keep_lines(folder.log, lines)
        self._lines = len(rows)
        if find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            for old in folder.events.glob("events.out.tfevents.*"):
                old.unlink()
            self._events = SummaryWriter(str(folder.events))
            for row in rows:
                self._add_events(row)

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
        line = {"step": step, "kind": kind, **row}
        with self.folder.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self._lines += 1
        self._add_events(line)

    def sync(self) -> int:
        """Bring all that was written onto the disk; how many lines the log holds."""
        if self._lines:
            with self.folder.log.open("rb") as file:
                os.fsync(file.fileno())
        if self._events is not None:
            self._events.flush()
        return self._lines

    def close(self) -> None:
        """Write out what is waiting."""
        if self._events is not None:
            self._events.close()

    def _add_events(self, row: Mapping[str, Any]) -> None:
        if self._events is not None:
            for name, value in _scalars(row):
                self._events.add_scalar(name, value, row["step"])


def draw_log(folder: RunFolder) -> None:
    """Draw all losses and validations so far.

    Runs of former versions wrote two lines of a kind and step after an interruption: the later counts.

    Args:
        folder: of the run.

    Raises:
        InputError: the log holds something else.
    """
    rows = {(row["step"], kind_of(row)): row for row in _read_lines(folder.log)}
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
    if rows:
        draw_curves(
            {"losses, of their first value": relative, "validation, percent": measured}, folder.curves
        )


def _keep_lines(path: Path, count: int | None) -> list[dict[str, Any]]:
    """The first lines of a log; whatever follows them is taken away, also a last one that was cut off."""
    written = path.read_bytes() if path.is_file() else b""
    lines = written.split(b"\n")[:-1][:count]
    whole = b"".join(line + b"\n" for line in lines)
    if written != whole:
        with whole_file(path) as file:
            file.write(whole)
    return _read_lines(path)


def _read_lines(path: Path) -> list[dict[str, Any]]:
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return [_read_line(line, number, path) for number, line in enumerate(lines, 1)]


def _read_line(line: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_constant=_refuse)
        if 0 <= row["step"] < 2**63 and isinstance(kind_of(row), str):
            return dict(row)
    except (ValueError, TypeError, LookupError, RecursionError):
        pass
    raise InputError(
        f"Line {number} of '{path}' is none of a run's log: remove it, or the file, and the same command goes"
        " on without what it held."
    )


def _refuse(constant: str) -> None:
    """No number in a log is NaN or infinite."""
    raise ValueError(constant)


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
