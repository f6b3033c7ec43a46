"""The command line explains itself, without loading what only its verbs need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.help_page import commands, page
from textreid import __version__

DOCS = Path(__file__).parents[2] / "docs"


def test_help_is_printed_without_torch():
    code = (
        "import sys; sys.argv = ['textreid', '--help']\n"
        "from textreid.cli import main\n"
        "try: main()\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stderr.splitlines()[-1].split())
    assert not loaded & {"torch", "transformers", "cv2", "gradio", "numpy", "PIL"}
    assert "search" in run.stdout


def test_alone_it_shows_the_help(textreid):
    assert "Commands" in textreid(code=2).output


def test_version(textreid):
    assert textreid("--version").stdout.strip() == __version__


def test_an_unknown_verb_offers_the_nearest(textreid):
    assert "search" in textreid("serach", code=2).stderr


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_verb_shows_examples_that_name_it(command):
    text = page(command)
    assert "Examples:" in text
    assert f"textreid {' '.join(command)}" in text.partition("Examples:")[2]


def test_the_help_in_the_docs_is_current():
    """After a change: python -m tests.helpers.help_page"""
    written = (DOCS / "help.md").read_text(encoding="utf-8")
    for command in commands():
        assert page(command) in written, f"docs/help.md: {' '.join(command)} changed"
