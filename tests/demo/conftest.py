"""A page over a gallery of figures whose colours say who they are, and a headless Chromium to drive it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.toy import ToyDetector, ToyEncoder, draw_frame
from textreid.people import Sighting
from textreid.search import PersonSearch
from textreid_demo.desk import Desk
from textreid_demo.serve import running
from textreid_index import Gallery, Record

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
GRADIO_NOISE = (
    "ignore:'future.no_silent_downcasting' is deprecated",
    "ignore:The copy keyword is deprecated",
    "ignore:unclosed event loop:ResourceWarning",
    "ignore:unclosed <socket.socket .*family=1:ResourceWarning",
    "ignore:unclosed <socket.socket .*laddr=\\('0.0.0.0', 0\\):ResourceWarning",
)
"""Gradio's bookkeeping with pandas 3, and event loops and sockets that it leaves to the garbage collector."""

FRAMES = (
    ("north", 1772366400.0, [("red", "blue"), ("green", "black")]),
    ("north", 1772366430.0, [("yellow", "grey"), ("blue", "white")]),
    ("south", 1772370000.0, [("red", "blue"), ("purple", "brown")]),
    ("south", 1772370060.0, [("orange", "green")]),
)
"""Camera, POSIX seconds (from 2026-03-01 12:00 UTC) and who is in each frame: upper and lower colour."""


def pytest_configure(config: pytest.Config) -> None:
    for message in GRADIO_NOISE:
        config.addinivalue_line("filterwarnings", message)


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


@pytest.fixture
def search(tmp_path: Path) -> Iterator[PersonSearch]:
    """A filled gallery for one test."""
    with PersonSearch.open(tmp_path / "gallery", create=True, encoder=ToyEncoder()) as search:
        fill(search, tmp_path)
        yield search


@pytest.fixture
def desk(search: PersonSearch) -> Desk:
    return Desk(search, detector=ToyDetector())


@pytest.fixture
def gallery(desk: Desk) -> Gallery:
    return desk.gallery


@pytest.fixture
def port() -> int:
    """One that was free a moment ago: a server that is just stopping may still answer on the last one."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture
def url(desk: Desk, port: int) -> Iterator[str]:
    with running(desk, port=port) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        yield browser
        browser.close()


@pytest.fixture
def requests() -> list[Request]:
    """Every request that the page of this test made."""
    return []


@pytest.fixture
def page(browser: Browser, url: str, requests: list[Request]) -> Iterator[Page]:
    """The page, loaded; a script error in it fails the test."""
    page, errors = browser.new_page(viewport={"width": 1280, "height": 900}), []
    page.set_default_timeout(15_000)
    page.on("request", lambda request: requests.append(request))
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(url)
    page.wait_for_selector(".person")
    yield page
    page.close()
    assert errors == []
