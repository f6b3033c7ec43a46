"""docs/help.md: what every verb prints for --help. Run this file to write it anew."""

from __future__ import annotations

from pathlib import Path

import typer
from typer.testing import CliRunner

from textreid.cli import application

FILE = Path(__file__).parents[2] / "docs" / "help.md"
HEAD = """# Command line

What each verb prints for `--help`.
"""


def commands() -> list[tuple[str, ...]]:
    """Every verb, and every sub-command of those that have some."""
    root = typer.main.get_command(application())
    found = []
    for name, command in sorted(root.commands.items()):
        below = getattr(command, "commands", {})
        found += [(name, sub) for sub in sorted(below)] or [(name,)]
    return found


def page(command: tuple[str, ...]) -> str:
    """The help of one verb, without trailing blanks, 100 columns wide."""
    runner = CliRunner(env={"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"})
    result = runner.invoke(application(), [*command, "--help"], prog_name="textreid")
    return "\n".join(line.rstrip() for line in result.output.splitlines()).strip("\n")


if __name__ == "__main__":
    sections = (
        f"\n## textreid {' '.join(command)}\n\n```text\n{page(command)}\n```\n" for command in commands()
    )
    FILE.write_text(HEAD + "".join(sections), encoding="utf-8")
