"""The two ways in which papers choose an epoch: on the validation split, or on the very split they report."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textreid.errors import InputError
from textreid.evaluate.features import JointEncoder
from textreid.evaluate.run import Evaluation


@dataclass(frozen=True)
class Selection:
    """One training run measured on a test split, its epoch chosen in both ways.

    Attributes:
        val: of the epoch that was best on the validation split: the honest number.
        test: of the epoch that is best on the measured split itself, as IRRA and its descendants report;
            None where the run kept no model but the first.
        val_epoch: number of that epoch, None if the run's log does not say.
        test_epoch: number of that epoch.
    """

    val: Evaluation
    test: Evaluation | None
    val_epoch: int | None
    test_epoch: int | None

    def to_dict(self) -> dict[str, Any]:
        """The validation-selected result, and the test-selected beside it under "test_selected"."""
        printed = self.val.to_dict() | {"selected_on": "val", "epoch": self.val_epoch}
        if self.test is not None:
            printed["test_selected"] = self.test.to_dict() | {"selected_on": "test", "epoch": self.test_epoch}
        return printed


def is_run(folder: str | Path) -> bool:
    """Whether a folder is that of a training run: `log.jsonl`, `model/`, perhaps `epochs/NUMBER/`."""
    folder = Path(folder).expanduser()
    return (folder / "log.jsonl").is_file() and (folder / "model").is_dir()


def measure_run(
    folder: str | Path, load: Callable[[str], JointEncoder], measure: Callable[[JointEncoder], Evaluation]
) -> Selection:
    """Measure the model that a run chose on its validation split, and each epoch's model that it kept.

    Args:
        folder: of the run.
        load: a model by its folder.
        measure: it, by some benchmark; the first direction's R@1 chooses the test-selected epoch.

    Raises:
        InputError: the log cannot be read.
    """
    folder = Path(folder).expanduser()
    val = measure(load(str(folder / "model")))
    kept = sorted(
        (path for path in (folder / "epochs").glob("*") if path.name.isdigit()),
        key=lambda path: int(path.name),
    )
    best: Evaluation | None = None
    best_epoch: int | None = None
    for path in kept:
        one = measure(load(str(path)))
        if best is None or _rank_1(one) > _rank_1(best):
            best, best_epoch = one, int(path.name)
    return Selection(val, best, _val_epoch(folder / "log.jsonl"), best_epoch)


def _rank_1(evaluation: Evaluation) -> float:
    return next(iter(evaluation.directions.values())).percent["R1"]


def _val_epoch(log: Path) -> int | None:
    """The first epoch whose validation R@1 no other exceeds."""
    try:
        rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
        scores = {row["epoch"]: row["val"]["R1"] for row in rows if "val" in row}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(f"'{log}' is not the log of a training run: {error}") from error
    return max(scores, key=lambda epoch: scores[epoch]) if scores else None
