"""The command line with the toy model standing for every model."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.helpers.toy import ToyEncoder
from textreid.cli import application

ENVIRONMENT = {"NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb"}


def run_textreid(*args: str | Path, code: int = 0, stdin: str = "") -> Result:
    """`textreid ARGS` in this process; its exit code must be `code`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "textreid.inference.encoder", types.SimpleNamespace(Encoder=ToyEncoder))
        runner = CliRunner(env=ENVIRONMENT)
        done = runner.invoke(application(), [str(arg) for arg in args], input=stdin, prog_name="textreid")
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done
