"""People for the page to show, and the hands of somebody who uses it in a browser."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from tests.helpers.toy import draw_frame
from textreid.people import Sighting
from textreid.search.person_search import PersonSearch
from textreid_index import Record

PATIENCE = 30_000
"""Milliseconds to wait for what should be there at once: the machine may be busy."""


FRAMES = (
    ("north", 1772366400.0, [("red", "blue"), ("green", "black")]),
    ("north", 1772366430.0, [("yellow", "grey"), ("blue", "white")]),
    ("south", 1772370000.0, [("red", "blue"), ("purple", "brown")]),
    ("south", 1772370060.0, [("orange", "green")]),
)
"""Camera, POSIX seconds (from 2026-03-01 12:00 UTC) and who is in each frame: upper and lower colour."""


def fill(search: PersonSearch, folder: Path, prefix: str = "") -> None:
    """Draw the frames into `folder` and put their people into the gallery, their ids after `prefix`."""
    for number, (camera, time, people) in enumerate(FRAMES):
        frame, boxes = draw_frame(people)
        source = str(folder / f"{camera}-{number}.png")
        frame.save(source)
        search.add_sightings(
            Sighting(
                frame.crop(box), Record(f"{prefix}{camera}-{number}-{upper}", source, box, camera, time), 1.0
            )
            for (upper, _), box in zip(people, boxes, strict=True)
        )


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
    page.locator(f"#results .person[data-id='{id}']").click()
    page.wait_for_selector("#person dl")
