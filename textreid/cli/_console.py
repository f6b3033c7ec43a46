"""Where the command line writes: answers to stdout, everything else to stderr."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

UNWRAPPED = 10_000
"""Columns to print to where nobody's window limits them: one row stays one line in a pipe or a file."""


def stderr() -> Console:
    """For progress, notes and complaints."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_table(table: Table) -> None:
    """Print to stdout, as wide as it needs where that is no terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=UNWRAPPED)
    console.print(table)


def print_json(value: Any) -> None:
    """Print one JSON value to stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
