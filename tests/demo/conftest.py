"""A page over a gallery of figures whose colours say who they are, and a headless Chromium to drive it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request, expect

from tests.helpers.search_page import CHROMIUM, FLAGS, PATIENCE, free_port
from tests.helpers.served_page import GRADIO_NOISE, served_page
from tests.helpers.street import fill
from tests.helpers.toy import ToyDetector
from textreid.search.person_search import PersonSearch
from textreid.service.desk import Desk
from textreid_index import Gallery


def pytest_configure(config: pytest.Config) -> None:
    for message in GRADIO_NOISE:
        config.addinivalue_line("filterwarnings", message)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PersonSearch, str, Path]]:
    """The filled gallery, the address of its page, and the folder of its frames: one for all tests."""
    folder = tmp_path_factory.mktemp("page")
    with served_page(folder) as (search, url):
        yield search, url, folder


@pytest.fixture
def search(served: tuple[PersonSearch, str, Path]) -> PersonSearch:
    """The gallery as it was at the beginning, whatever the last test did to it."""
    search, _, folder = served
    search.gallery.forget("/", "uploads")
    shutil.rmtree(folder / "gallery" / "uploads", ignore_errors=True)
    fill(search, folder)
    return search


@pytest.fixture
def desk(search: PersonSearch) -> Desk:
    return Desk(search, detector=ToyDetector())


@pytest.fixture
def gallery(search: PersonSearch) -> Gallery:
    return search.gallery


@pytest.fixture
def url(served: tuple[PersonSearch, str, Path], search: PersonSearch) -> str:
    return served[1]


@pytest.fixture(scope="session")
def program(served: tuple[PersonSearch, str, Path]) -> Iterator[Client]:
    """A program that uses the page's endpoints: one for all tests, as closing one takes a second."""
    client = Client(served[1], verbose=False)
    yield client
    client.close()


@pytest.fixture
def client(program: Client, search: PersonSearch) -> Client:
    """The program, with the gallery as it was at the beginning."""
    return program


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def context(browser: Browser) -> BrowserContext:
    """One for all tests, so that what the page is made of is fetched once."""
    return browser.new_context(viewport={"width": 1280, "height": 900})


@pytest.fixture
def requests() -> list[Request]:
    """Every request that the page of this test made."""
    return []


@pytest.fixture
def page(context: BrowserContext, url: str, requests: list[Request]) -> Iterator[Page]:
    """The page, loaded; a script error in it fails the test."""
    page, errors = context.new_page(), []
    page.set_default_timeout(PATIENCE)
    page.on("request", lambda request: requests.append(request))
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(url)
    page.wait_for_selector(".person")
    yield page
    page.close()
    assert errors == []
