"""The search page over a gallery of seven figures, on a port of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.helpers.search_page import free_port
from tests.helpers.street import fill
from tests.helpers.toy import ToyDetector, ToyEncoder
from textreid.search.person_search import PersonSearch
from textreid.service.desk import Desk
from textreid_demo.serve import serve_page

GRADIO_NOISE = (
    "ignore:'future.no_silent_downcasting' is deprecated",
    "ignore:The copy keyword is deprecated",
    "ignore:unclosed event loop:ResourceWarning",
    "ignore:unclosed <socket.socket .*family=1:ResourceWarning",
    "ignore:unclosed <socket.socket .*laddr=\\('0.0.0.0', 0\\):ResourceWarning",
)
"""Gradio's bookkeeping with pandas 3, and event loops and sockets that it leaves to the garbage collector."""


@contextmanager
def served_page(folder: Path, **options: Any) -> Iterator[tuple[PersonSearch, str]]:
    """The filled gallery and the address of its page, which takes `options` of `serve_page`."""
    with PersonSearch.open(folder / "gallery", create=True, encoder=ToyEncoder()) as search:
        fill(search, folder)
        with serve_page(Desk(search, detector=ToyDetector()), port=free_port(), **options) as url:
            yield search, url
