"""`textreid demo` on the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from textreid.cli import application

PLAIN = {"NO_COLOR": "1", "COLUMNS": "120"}
VERB = [sys.executable, "-c", "from textreid.cli import main; main()", "demo"]
SCRIPT = [sys.executable, str(Path(__file__).parents[2] / "demo" / "app.py")]


@pytest.mark.parametrize("command", [VERB, SCRIPT], ids=["verb", "script"])
def test_an_address_that_others_reach_needs_accounts(command: list[str]) -> None:
    run = [*command, "--host", "0.0.0.0"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=120, env={**os.environ, **PLAIN})
    assert done.returncode == 2
    assert "--auth USER:PASSWORD" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--auth", "ann"], "USER:PASSWORD"),
        (["--auth-file", "no-such-file"], "no-such-file"),
        (["--port", "99999"], "port"),
    ],
)
def test_a_bad_option_is_explained(options: list[str], message: str) -> None:
    done = CliRunner(env=PLAIN).invoke(application(), ["demo", *options])
    assert done.exit_code == 2
    assert isinstance(done.exception, SystemExit), "a traceback otherwise"
    assert message in done.stderr
