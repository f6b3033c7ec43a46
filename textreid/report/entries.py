"""What a report shows: evaluations, and how each of them came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textreid.evaluate.epoch_choice import Selection
from textreid.evaluate.evaluation import Evaluation
from textreid.io.run_folder import MODEL
from textreid.metrics.result import RetrievalResult


@dataclass(frozen=True)
class Entry:
    """One evaluation of a report.

    Attributes:
        evaluation: what was measured.
        selection: how its epoch was chosen, "" where that is not known.
        domain: how near the data set is to what the model learned from (`textreid.evaluate.domains`); "": not
            asked.
    """

    evaluation: Evaluation
    selection: str = ""
    domain: str = ""

    @property
    def name(self) -> str:
        """The model and how it was chosen."""
        *_, run, model = ("", *self.evaluation.encoder.name.rstrip("/").split("/"))
        words = [
            run if model == MODEL and run else model,  # runs/mine/model is known as mine
            self.selection,
            {"cross": "cross-domain", "overlap": "trained on overlapping data"}.get(self.domain, ""),
        ]
        return ", ".join(filter(None, words))


@dataclass(frozen=True)
class Line:
    """One result of a report: a row of its tables, a line of its charts.

    Attributes:
        name: model, selection, methods.
        direction: such as "text_to_image".
        result: the numbers.
        split: such as "test".
    """

    name: str
    direction: str
    result: RetrievalResult
    split: str


def entries_of(selections: Sequence[Selection]) -> list[Entry]:
    """The epochs of a run, named by how they were chosen."""
    return [Entry(selection.evaluation, selection.words) for selection in selections]


def lines_of(entry: Entry) -> list[Line]:
    """Every direction of an evaluation, the plain result before the improved one."""
    evaluation, lines = entry.evaluation, []
    split = evaluation.benchmark.split
    for direction, result in evaluation.directions.items():
        name = entry.name
        if direction in evaluation.plain:
            lines.append(Line(name, direction, evaluation.plain[direction], split))
        if names := evaluation.methods_of(direction).names:
            name = f"{name}, {' + '.join(names)}"
        lines.append(Line(name, direction, result, split))
    return lines
