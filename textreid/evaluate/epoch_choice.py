"""How the epoch of a run was chosen: on a validation split, or on the very split that is reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textreid.errors import InputError
from textreid.evaluate.evaluation import Evaluation
from textreid.io.run_folder import RunFolder
from textreid.types import ImageTextEncoder

LAST = "last epoch"


@dataclass(frozen=True)
class Selection:
    """The model of one epoch of a run, measured.

    Attributes:
        evaluation: of that model.
        on: the split that the epoch is the best on, such as "cuhk-pedes val"; "": none, it is the last.
        epoch: its number; None where it is the last.
    """

    evaluation: Evaluation
    on: str
    epoch: int | None

    @property
    def words(self) -> str:
        """Such as "val-selected (epoch 3)"; a split of another data set is named with it."""
        dataset, _, split = self.on.rpartition(" ")
        if not split:
            return LAST
        name = split if dataset == self.evaluation.benchmark.dataset else self.on
        return f"{name}-selected (epoch {self.epoch})"

    def to_dict(self) -> dict[str, Any]:
        """The evaluation, and how it came about."""
        return self.evaluation.to_dict() | {"selected_on": self.on or None, "epoch": self.epoch}


def is_run(folder: str | Path) -> bool:
    """Whether a folder is that of a training run."""
    return RunFolder.at(folder).is_run()


def measure_run(
    folder: str | Path,
    load: Callable[[str], ImageTextEncoder],
    measure: Callable[[ImageTextEncoder], Evaluation],
) -> list[Selection]:
    """Measure the model that a run chose, and the best on the measured split itself of those it stored.

    The first is the honest number; the second is what IRRA and its descendants report. There is no second
    where the run was chosen on the measured split already, or stored no model but one.

    Args:
        folder: of the run.
        load: a model by its folder.
        measure: it, by some benchmark; the first direction's R@1 chooses the second's epoch.

    Raises:
        InputError: the run's `best.json` cannot be read.
    """
    run = RunFolder.at(folder)
    on, epoch = _choice(run)
    own = Selection(measure(load(str(run.model))), on, epoch)
    measured = f"{own.evaluation.benchmark.dataset} {own.evaluation.benchmark.split}"
    if on == measured:
        return [own]
    best: Selection | None = None
    for number, path in run.epochs():
        one = Selection(measure(load(str(path))), measured, number)
        if best is None or _rank_1(one) > _rank_1(best):
            best = one
    return [own, best] if best else [own]


def to_dict(selections: Sequence[Selection]) -> dict[str, Any]:
    """The JSON object of a run: the first, and the second beside it under "test_selected"."""
    printed = selections[0].to_dict()
    if len(selections) > 1:
        printed["test_selected"] = selections[1].to_dict()
    return printed


def _rank_1(selection: Selection) -> float:
    return next(iter(selection.evaluation.directions.values())).percent["R1"]


def _choice(run: RunFolder) -> tuple[str, int | None]:
    """The split that a run chose its epoch on, and the epoch; none where it measured none."""
    best = run.read_best()
    if not best:
        return "", None
    match best:
        case {"val": {**splits}, "epoch": int(epoch)} if splits:
            return str(next(iter(splits))), epoch
    raise InputError(
        f"'{run.best}' does not say how the run chose its epoch: delete it, or write it as it was."
    )
