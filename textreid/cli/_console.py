"""Where the command line writes: answers to stdout, everything else to stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

UNWRAPPED = 10_000
"""Columns to print to where nobody's window limits them: one row stays one line in a pipe or a file."""


def stderr() -> Console:
    """For progress, notes and complaints."""
    from textreid.cli._safe_console import SafeConsole

    return SafeConsole(stderr=True, highlight=False, soft_wrap=True)


def print_table(table: Table) -> None:
    """Print to stdout, as wide as it needs where that is no terminal."""
    from textreid.cli._safe_console import SafeConsole

    console = SafeConsole(highlight=False)
    if not console.is_terminal:
        console = SafeConsole(highlight=False, width=UNWRAPPED)
    console.print(table)


def print_json(value: Any) -> None:
    """Print one JSON value to stdout."""
    from textreid.io.json_text import json_text

    print(json_text(value, indent=2))


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
