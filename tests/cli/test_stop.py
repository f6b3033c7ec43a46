"""Verbs that run until they are stopped, and what the command line sets before torch is loaded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from textreid.cli._stop import STOPS, wait_for_stop

SHOW_OPENMP = """
import sys
sys.argv = ["textreid", "--version"]
from textreid.cli import main
try:
    main()
finally:
    import torch
"""


@pytest.fixture
def handlers() -> Iterator[None]:
    """What pytest does at a signal, put back afterwards; a background job of a shell would ignore some."""
    before = {name: signal.getsignal(getattr(signal, name)) for name in STOPS}
    for name in STOPS:
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("name", STOPS)
def test_every_way_to_end_a_program_but_one_stops_it_in_order(name: str) -> None:
    number = getattr(signal, name)
    before = signal.getsignal(number)

    def end() -> None:
        while signal.getsignal(number) is before:
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=end)
    thread.start()
    wait_for_stop()
    thread.join()
    assert signal.getsignal(number) is not before


@pytest.mark.usefixtures("handlers")
def test_what_it_was_started_to_ignore_it_ignores() -> None:
    """As under `nohup`."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    before = signal.getsignal(signal.SIGTERM)

    def end() -> None:
        while signal.getsignal(signal.SIGTERM) is before:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=end)
    thread.start()
    wait_for_stop()
    thread.join()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize(("own", "used"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_that_wait_sleep_unless_the_user_wants_it_otherwise(own: str | None, used: str) -> None:
    """OpenMP itself prints what it has read when torch loads it."""
    environment = {**os.environ, "OMP_DISPLAY_ENV": "TRUE"}
    environment.pop("OMP_WAIT_POLICY", None)
    if own:
        environment["OMP_WAIT_POLICY"] = own
    ran = subprocess.run(
        [sys.executable, "-c", SHOW_OPENMP], env=environment, capture_output=True, text=True, timeout=60
    )
    assert f"OMP_WAIT_POLICY = '{used}'" in ran.stderr, ran.stderr
