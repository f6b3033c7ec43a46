"""Verbs that run until somebody stops them."""

from __future__ import annotations

import signal
import threading

STOPS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
"""Ctrl+C, a termination, the end of the terminal, Ctrl+\\; Windows has not all of them."""


def wait_for_stop() -> None:
    """Wait until one of `STOPS`; what the program was started to ignore (`nohup`) it goes on ignoring."""
    stop = threading.Event()
    for number in (getattr(signal, name) for name in STOPS if hasattr(signal, name)):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: stop.set())
    stop.wait()
