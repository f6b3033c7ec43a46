"""How far a verb has come, on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from textreid.cli._console import stderr

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from textreid.types import ShowProgress


def make_bars(console: Console | None = None, *, transient: bool = False) -> Progress:
    """The bars of every verb: what is done, count, time left, and details; they go into a `with`.

    Args:
        console: where to draw; None: stderr.
        transient: whether they are gone at the end.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[details]}"),
        console=console or stderr(),
        transient=transient,
    )


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """One bar, gone at the end; what it yields is called with (done, total)."""
    with make_bars(transient=True) as bars:
        task = bars.add_task(what, total=None, details="")
        yield lambda done, total: bars.update(task, completed=done, total=total)


@contextmanager
def progress_bars() -> Iterator[ShowProgress]:
    """One bar for each thing that is done."""
    with make_bars() as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total, details="")
            bars.update(tasks[what], completed=done, total=total)

        yield show
