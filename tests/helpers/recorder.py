"""What a training run tells, written down; and ends of a run where a test wants them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from textreid.training.progress import Reporter, StepReport


class Recorder(Reporter):
    """Keeps all reports and lines."""

    def __init__(self) -> None:
        self.steps: list[StepReport] = []
        self.notes: list[str] = []

    def step(self, report: StepReport) -> None:
        self.steps.append(report)

    def note(self, line: str) -> None:
        self.notes.append(line)


class Interrupt(Reporter):
    """Interrupts as Ctrl+C would, or kills the process, at the first step of which `when` is true."""

    def __init__(self, when: Callable[[StepReport], bool], *, kill: bool = False) -> None:
        self.when, self.kill = when, kill

    def step(self, report: StepReport) -> None:
        if self.when(report):
            if self.kill:
                os.kill(os.getpid(), signal.SIGKILL)
            raise KeyboardInterrupt


def after(steps: int) -> Callable[[StepReport], bool]:
    """Whether so many steps were reported."""
    seen: list[StepReport] = []

    def reached(report: StepReport) -> bool:
        seen.append(report)
        return len(seen) == steps

    return reached
