"""How far a run is, and who is called with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class RunState:
    """How far a run is; it stands in the run's state beside the weights.

    Attributes:
        stage: index of the stage that was begun last; -1 before the first.
        name: of that stage.
        epoch: epochs of it that are over.
        batch: batches of its present epoch that are over.
        finished: whether the stage is over.
        steps: batches of all stages that are over.
        best: best R@1 on the first validation split so far, percent.
        unmeasured: whether the model has changed since it was measured.
        kept: models that the run has kept so far; the newest has this number.
        start: number of the one that the stage began with; 0 where the recipe starts.
        chosen: what `best.json` says.
        lines: lines of the log that stand; None for all that are there.
        data: digests of what is learned from and measured on; empty where a former version began the run.
    """

    stage: int = -1
    name: str = ""
    epoch: int = 0
    batch: int = 0
    finished: bool = True
    steps: int = 0
    best: float = -1.0
    unmeasured: bool = False
    kept: int = 0
    start: int = 0
    chosen: dict[str, Any] = field(default_factory=dict)
    lines: int | None = 0
    data: dict[str, str] = field(default_factory=dict)

    def is_over(self, stages: Sequence[Any]) -> bool:
        """Whether the last of a recipe's stages is."""
        return self.finished and self.stage == len(stages) - 1


@dataclass(frozen=True)
class StepReport:
    """One step of a stage, or of what it prepares, as a `Reporter` sees it.

    Attributes:
        title: what is being done, such as "phase 1 of 2".
        step: steps done in this epoch, or rows of a preparation.
        steps: of this epoch.
        epoch: epochs of the stage that are over.
        epochs: of the stage.
        terms: each loss before its weight.
        rate: rows per second since the step before, of all processes.
    """

    title: str
    step: int
    steps: int
    epoch: int = 0
    epochs: int = 1
    terms: Mapping[str, float] = field(default_factory=dict)
    rate: float = 0.0


class Reporter:
    """Called with how a run is going; this one is silent."""

    def step(self, report: StepReport) -> None:
        """Called after every step."""

    def note(self, line: str) -> None:
        """Called with a line for people to read, such as what an epoch measured."""


SILENT = Reporter()


class CallbackReporter(Reporter):
    """Hands on to the two functions that `train` took in version 0.1.

    Args:
        report: called after every step.
        say: called with every line.
    """

    def __init__(
        self, report: Callable[[StepReport], None] | None, say: Callable[[str], None] | None
    ) -> None:
        self.report, self.say = report, say

    def step(self, report: StepReport) -> None:
        """Hand on a step."""
        if self.report is not None:
            self.report(report)

    def note(self, line: str) -> None:
        """Hand on a line."""
        if self.say is not None:
            self.say(line)
