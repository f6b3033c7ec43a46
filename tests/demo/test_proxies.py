"""The page starts and answers whatever proxies the environment names, and asks none of them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NAMES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
CODE = """
import os, sys, urllib.request
from pathlib import Path
from tests.helpers.served_page import served_page

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
with served_page(Path(sys.argv[1])) as (_, url):
    for path in ("", "config", "api/v1/gallery", "gradio_api/startup-events"):
        assert direct.open(url + path).status == 200
assert set(sys.argv[2:]) <= set(os.environ), "what a user asks for goes by them still"
print("answered")
"""


@contextmanager
def proxy() -> Iterator[tuple[int, list[bytes]]]:
    """A proxy that notes what it is asked and answers nothing; yields its port and its notes."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def note() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(200))

        threading.Thread(target=note, daemon=True).start()
        yield listener.getsockname()[1], asked
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_the_page_asks_no_proxy(tmp_path: Path, scheme: str) -> None:
    with proxy() as (port, asked):
        proxies = dict.fromkeys(NAMES, f"{scheme}://127.0.0.1:{port}")
        without = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}
        command = [sys.executable, "-c", CODE, str(tmp_path), *NAMES]
        done = subprocess.run(command, env=without | proxies, capture_output=True, text=True, timeout=200)
        assert (done.returncode, done.stdout) == (0, "answered\n"), done.stderr
    assert asked == []
