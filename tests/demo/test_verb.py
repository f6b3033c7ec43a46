"""`textreid demo` on the command line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

VERB = [sys.executable, "-c", "from textreid.cli import main; main()", "demo"]
SCRIPT = [sys.executable, str(Path(__file__).parents[2] / "demo" / "app.py")]


def run(*options: str, command: list[str] = VERB) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120"}
    return subprocess.run([*command, *options], capture_output=True, text=True, timeout=120, env=environment)


@pytest.mark.parametrize("command", [VERB, SCRIPT], ids=["verb", "script"])
def test_an_address_that_others_reach_needs_accounts(command: list[str]) -> None:
    done = run("--host", "0.0.0.0", command=command)
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
    done = run(*options)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_it_opens_the_built_in_gallery_and_stops_when_told(tmp_path: Path, port: int) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "NO_COLOR": "1", "COLUMNS": "120"}
    command = [*VERB, "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as demo:
        assert demo.stderr is not None
        said = []
        try:
            for line in demo.stderr:
                said.append(line)
                if found := re.search(r"The page is at (http://\S+)", line):
                    break
            assert found, "".join(said)
            with urllib.request.urlopen(found[1], timeout=10) as answer:
                assert answer.status == 200
            demo.send_signal(signal.SIGINT)
            assert demo.wait(timeout=30) == 0
        finally:
            demo.kill()
    assert any((tmp_path / "textreid").glob("drawn-people-*/gallery"))
