"""`textreid serve` on the command line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.helpers.search_page import free_port
from tests.helpers.street import fill
from tests.helpers.toy import ToyEncoder
from textreid.search.person_search import PersonSearch


def test_it_answers_until_it_is_stopped(tmp_path: Path) -> None:
    with PersonSearch.open(tmp_path / "gallery", create=True, encoder=ToyEncoder()) as search:
        fill(search, tmp_path)
    toy = [sys.executable, "-m", "tests.helpers.toy", "serve"]
    command = [*toy, "--gallery", str(tmp_path / "gallery"), "--port", str(free_port())]
    environment = {**os.environ, "NO_COLOR": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as service:
        assert service.stderr is not None
        try:
            url = next(found[1] for line in service.stderr if (found := re.search(r"at (http://\S+)", line)))
            with urllib.request.urlopen(f"{url}/search", data=b"text=a+red+shirt&k=2", timeout=30) as answer:
                assert {hit["id"] for hit in json.load(answer)} == {"north-0-red", "south-2-red"}
            service.send_signal(signal.SIGINT)
            assert service.wait(timeout=30) == 0
        finally:
            service.kill()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--host", "0.0.0.0"], "--auth USER:PASSWORD"),
        (["--auth", "ann"], "USER:PASSWORD"),
        ([], "nowhere"),
    ],
)
def test_it_says_why_it_does_not_start(textreid, options: list[str], message: str) -> None:
    assert message in textreid("serve", "--gallery", "nowhere", *options, code=2).stderr
