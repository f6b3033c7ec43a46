"""What the docs show works: every block is run, or at least names verbs and options that exist."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.docs.console import run_command, run_textreid
from tests.docs.pages import Block, Page, read_pages

PAGES = read_pages()
RUNNABLE = [
    page for page in PAGES if any(block.run and block.language in ("python", "bash") for block in page.blocks)
]
OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.name)
def test_blocks_run(page: Page, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, object] = {"__name__": "__main__"}
    for block in page.blocks:
        if block.run and block.language == "python":
            exec(compile(block.text, block.where, "exec"), names)
        elif block.run and block.language == "bash":
            for line in block.commands:
                run_command(line, folder)


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


@pytest.mark.parametrize("verb", sorted({words[0] for _, words in shown_commands()} - {"--help"}))
def test_shown_options_exist(
    verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERMINAL_WIDTH", "400")
    run_textreid(f"textreid {verb} --help")
    known = set(OPTION.findall(capsys.readouterr().out))
    for where, words in shown_commands():
        if words[0] == verb:
            shown = {word.split("=")[0] for word in words[1:] if OPTION.match(word)}
            assert shown <= known, f"{where}: textreid {verb} has no {', '.join(sorted(shown - known))}"
