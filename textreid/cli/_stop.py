"""Verbs that run until somebody stops them."""

from __future__ import annotations

import signal
import threading


def wait_for_stop() -> None:
    """Wait until Ctrl+C or a termination signal."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
