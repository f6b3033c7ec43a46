"""What the docs show works: every block is run, or at least names verbs and options that exist."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer

from tests.helpers.docs_console import run_command
from tests.helpers.docs_pages import Block, Page, read_pages
from tests.helpers.global_settings import nothing_changed
from textreid.cli import application

PAGES = read_pages()
RUNNABLE = [
    page for page in PAGES if any(block.run and block.language in ("python", "bash") for block in page.blocks)
]
OPTION = re.compile(r"--?[A-Za-z]")


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.name)
def test_blocks_run(page: Page, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, object] = {"__name__": "__main__"}
    for block in page.blocks:
        if block.run and block.language == "python":
            exec(compile(block.text, block.where, "exec"), names)
        elif block.run and block.language == "bash":
            for line in block.commands:
                with nothing_changed():
                    run_command(line, folder)


def test_all_verbs_are_watched() -> None:
    """Two are servers, one reads a file of MATLAB's, and one is watched in `tests.faults.test_settings`."""
    lines = [line.split() for block in blocks("bash") if block.run for line in block.commands]
    run = {words[1] for words in lines if words[0] == "textreid"}
    verbs = typer.main.get_command(application()).commands  # type: ignore[attr-defined]
    assert set(verbs) - run == {"serve", "demo", "calibrate", "unpack"}


def blocks(*languages: str) -> list[Block]:
    return [block for page in PAGES for block in page.blocks if block.language in languages]


def test_every_fence_names_its_language() -> None:
    assert [block.where for block in blocks("")] == []


def test_shown_python_compiles() -> None:
    for block in blocks("python"):
        compile(block.text, block.where, "exec")


def test_data_blocks_parse() -> None:
    for block in blocks("json"):
        json.loads(block.text)
    for block in blocks("toml"):
        tomllib.loads(block.text)


def shown_commands() -> list[tuple[str, list[str]]]:
    """Where, and the words of every `textreid ...` command in a bash block, run or not."""
    found = []
    for block in blocks("bash"):
        for line in block.commands:
            for command in re.split(r"[|;&]+", line):
                words = shlex.split(command.split(">")[0], comments=True)
                if words[:1] == ["textreid"] and len(words) > 1:
                    found.append((block.where, words[1:]))
    return found


@pytest.mark.parametrize(
    ("where", "words"), shown_commands(), ids=lambda value: value if isinstance(value, str) else value[0]
)
def test_shown_options_exist(where: str, words: list[str]) -> None:
    command = typer.main.get_command(application())
    rest = list(words)
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    known = {
        option for parameter in command.params for option in parameter.opts + parameter.secondary_opts
    } | {"--help"}
    assert not hasattr(command, "commands") or set(rest) <= known, f"there is no textreid {' '.join(words)}"
    shown = {word.split("=")[0] for word in rest if OPTION.match(word)}
    assert shown <= known, f"textreid {' '.join(words)}: there is no {', '.join(sorted(shown - known))}"
