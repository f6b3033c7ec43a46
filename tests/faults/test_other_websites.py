"""No other website reaches the page or the service: tried in Chromium, from a link and a frame, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect
from starlette.types import Receive, Scope, Send

from tests.helpers.faults.other_website import ATTEMPTS, NAME, chromium, other_website
from tests.helpers.search_page import PATIENCE
from tests.helpers.served_page import served_page
from textreid.search.person_search import PersonSearch
from textreid.service.amounts import BoundedBodies

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with chromium(playwright) as browser:
        yield browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PersonSearch, str]]:
    with served_page(tmp_path_factory.mktemp("open")) as page:
        yield page


@pytest.fixture(scope="module")
def port(served: tuple[PersonSearch, str]) -> Iterator[int]:
    """Where the other website is, whose page links to the search page."""
    with other_website(f"<a href='{served[1]}'>link</a>") as port:
        yield port


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of requests that came past the guard, to what stands behind it."""
    paths, behind = [], BoundedBodies.__call__

    async def note(self: BoundedBodies, scope: Scope, receive: Receive, send: Send) -> None:
        paths.append(scope.get("path", ""))
        await behind(self, scope, receive, send)

    monkeypatch.setattr(BoundedBodies, "__call__", note)
    return paths


@pytest.mark.parametrize("name", [NAME, "127.0.0.1"], ids=["another name", "another port"])
def test_nothing_that_another_website_tries_gets_past_the_guard(
    browser: Browser, served: tuple[PersonSearch, str], port: int, name: str, passed: list[str]
) -> None:
    search, url = served
    page, asked = browser.new_page(), set()
    page.on("request", lambda request: asked.add((request.method, request.url.removeprefix(url))))
    page.goto(f"http://{name}:{port}")
    for script in ATTEMPTS.values():
        page.evaluate(f"(URL) => {script}.catch(() => null).then(() => null)", url)
    page.wait_for_timeout(200)
    page.context.close()
    assert {("POST", "api/v1/delete"), ("GET", "config"), ("GET", "")} <= asked
    assert passed == []
    assert len(search.gallery) == 7


def test_the_same_attempts_succeed_from_the_servers_own_origin(
    browser: Browser, served: tuple[PersonSearch, str], passed: list[str]
) -> None:
    page = browser.new_page()
    page.goto(f"{served[1]}robots.txt")
    for what in ("reads", "asks the service", "calls a function"):
        assert page.evaluate(f"(URL) => {ATTEMPTS[what]}.then(answer => answer.status)", served[1]) == 200
    page.context.close()
    asked = ["/config", "/api/v1/gallery", "/gradio_api/call/gallery"]
    assert [path for path in passed if path in asked][-3:] == asked  # among the page's own, such as its icon


def test_a_link_opens_the_page_and_the_page_works(
    browser: Browser, served: tuple[PersonSearch, str], port: int
) -> None:
    page, refused = browser.new_page(), []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
    page.goto(f"http://{NAME}:{port}")
    page.get_by_role("link", name="link").click()
    expect(page.locator(".person")).to_have_count(7)
    page.context.close()
    assert refused == []


def log_in(page: Page) -> None:
    page.get_by_label("Username").fill("ann")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Login").click()


def test_whoever_is_logged_in_stays_so_when_a_link_from_elsewhere_is_followed(
    browser: Browser, tmp_path: Path
) -> None:
    with served_page(tmp_path, accounts=[("ann", "secret")]) as (_, url):
        page = browser.new_page()
        page.goto(url)
        log_in(page)
        expect(page.locator(".person")).to_have_count(7)
        assert {cookie["sameSite"] for cookie in page.context.cookies()} == {"Lax"}
        with other_website(f"<a href='{url}'>link</a>") as port:
            page.goto(f"http://{NAME}:{port}")
            page.get_by_role("link", name="link").click()
            expect(page.locator(".person")).to_have_count(7)
        page.context.close()


def test_whoever_may_show_the_page_in_a_frame_does_and_nobody_else(browser: Browser, tmp_path: Path) -> None:
    with other_website("<iframe width=900 height=700></iframe>") as port:
        shown_by = f"http://{NAME}:{port}"
        with served_page(tmp_path, accounts=[("ann", "secret")], framed_by=shown_by) as (_, url):
            page = browser.new_page()
            page.goto(shown_by)
            page.evaluate("(url) => { document.querySelector('iframe').src = url }", url)
            frame = page.frame_locator("iframe")
            log_in(frame)  # type: ignore[arg-type]  # a frame has the same locators
            expect(frame.locator(".person")).to_have_count(7)
            cookies = page.context.cookies(url)
            assert all(cookie["secure"] and cookie["sameSite"] == "None" for cookie in cookies)
            assert all(cookie.get("partitionKey") for cookie in cookies)
            page.goto(f"http://127.0.0.1:{port}")
            page.evaluate("(url) => { document.querySelector('iframe').src = url }", url)
            page.wait_for_timeout(500)
            assert page.frames[1].url != url
            page.context.close()
