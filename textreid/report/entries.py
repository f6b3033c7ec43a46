"""What a report shows: evaluations, and how each of them came about."""

from __future__ import annotations

from dataclasses import dataclass

from textreid.evaluate import Evaluation
from textreid.evaluate.selection import Selection
from textreid.metrics.protocols import RetrievalResult


@dataclass(frozen=True)
class Entry:
    """One evaluation of a report.

    Attributes:
        evaluation: what was measured.
        selection: how its epoch was chosen, "" where that is not known.
        domain: "same", "cross" or "unknown": whether the model learned from this data set; "": not asked.
    """

    evaluation: Evaluation
    selection: str = ""
    domain: str = ""

    @property
    def name(self) -> str:
        """The model and how it was chosen."""
        *_, run, model = ("", *self.evaluation.encoder.name.rstrip("/").split("/"))
        words = [
            run if model == "model" and run else model,  # runs/mine/model is known as mine
            self.selection,
            "cross-domain" if self.domain == "cross" else "",
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


def entries_of(selection: Selection) -> list[Entry]:
    """The epoch chosen on val, and beside it the one chosen on the measured split."""
    entries = [Entry(selection.val, _chosen("val", selection.val_epoch))]
    if selection.test is not None:
        entries.append(Entry(selection.test, _chosen("test", selection.test_epoch)))
    return entries


def lines_of(entry: Entry) -> list[Line]:
    """Every direction of an evaluation, the plain result before the improved one."""
    evaluation, lines = entry.evaluation, []
    split = evaluation.benchmark.split
    for direction, result in evaluation.directions.items():
        name = entry.name
        if evaluation.plain:
            lines.append(Line(name, direction, evaluation.plain[direction], split))
        if evaluation.methods.names:
            name = f"{name}, {' + '.join(evaluation.methods.names)}"
        lines.append(Line(name, direction, result, split))
    return lines


def _chosen(split: str, epoch: int | None) -> str:
    return f"{split}-selected" + ("" if epoch is None else f" (epoch {epoch})")
