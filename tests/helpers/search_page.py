"""What somebody does with the search page in a browser, and the browser."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 30_000
"""Milliseconds to wait for what should be there at once: the machine may be busy."""


def free_port() -> int:
    """One that was free a moment ago: a server that is just stopping may still answer on the last one."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def ids(page: Page) -> list[str]:
    """The ids of the people shown, best first."""
    return page.eval_on_selector_all("#results .person", "cards => cards.map(card => card.dataset.id)")


@contextmanager
def new_results(page: Page) -> Iterator[None]:
    """Wait, at the end of the block, until the results are others than at its beginning."""
    page.evaluate("document.querySelector('#results').querySelector('.heading, .note').dataset.old = ''")
    yield
    page.wait_for_selector("#results :is(.heading, .note):not([data-old])")


def ask(page: Page, text: str) -> None:
    """Type a description and press Enter."""
    page.locator("#text input").fill(text)
    with new_results(page):
        page.locator("#text input").press("Enter")


def open_person(page: Page, id: str) -> None:
    page.wait_for_timeout(300)  # the page takes no click while it still answers the last one
    page.locator(f"#results .person[data-id='{id}']").click()
    page.wait_for_selector("#person dl")
