"""The page behind a real nginx over HTTPS, in Chromium: as the docs write it, and as nginx is by default."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests.helpers.nginx import AS_IT_IS, NAME, nginx
from tests.helpers.search_page import CHROMIUM, FLAGS, PATIENCE, ask, free_port, ids, new_results, open_person
from tests.helpers.toy import draw_frame
from textreid.service.desk import Desk
from textreid_demo.serve import serve_page

pytestmark = pytest.mark.browser
DOCS = Path(__file__).parents[2] / "docs" / "demo.md"


def documented(port: int, behind: str) -> str:
    """The block of docs/demo.md, on another port and before another one."""
    (block,) = re.findall(r"```nginx\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert block.count("listen 443 ssl;") == block.count("http://127.0.0.1:7860;") == 1
    return block.replace("443", str(port)).replace("http://127.0.0.1:7860", behind)


@pytest.fixture(scope="module")
def elsewhere(playwright: Playwright) -> Iterator[BrowserContext]:
    """A browser that finds the public name on this machine."""
    expect.set_options(timeout=PATIENCE)
    rule = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
    browser: Browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, rule])
    yield browser.new_context(ignore_https_errors=True)
    browser.close()


@pytest.fixture
def visitor(elsewhere: BrowserContext) -> Iterator[Page]:
    page, errors = elsewhere.new_page(), []
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: errors.append(error))
    yield page
    page.close()
    elsewhere.clear_cookies()
    assert errors == []


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Two people, on a photo of more than a megabyte would not pass nginx as it is: this is a small one."""
    draw_frame([("pink", "orange"), ("white", "green")])[0].save(tmp_path / "yard.png")
    return tmp_path / "yard.png"


def use(page: Page, photo: Path) -> None:
    """Search by words and by a photo, add, open and delete."""
    ask(page, "a person in a green shirt and black trousers")
    assert ids(page)[0] == "north-0-green"
    with new_results(page):
        page.locator("#photo input[type=file]").set_input_files(photo)
    expect(page.locator("#results .person").first).to_be_visible()
    open_person(page, ids(page)[0])
    expect(page.locator("#person .full img")).to_be_visible()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete this person").click()
    expect(page.locator("#about")).to_have_text("6 people, 2 cameras")


def test_the_documented_block_serves_page_login_and_programs_below_a_path(
    desk: Desk, visitor: Page, tmp_path: Path, photo: Path
) -> None:
    behind, port = free_port(), free_port()
    public = f"https://{NAME}:{port}/people"
    accounts = [("ann", "secret")]
    with (
        serve_page(desk, port=behind, accounts=accounts, public_url=public),
        nginx(tmp_path, documented(port, f"http://127.0.0.1:{behind}"), port),
    ):
        asked: list[str] = []
        visitor.on("request", lambda request: asked.append(request.url))
        visitor.goto(public)
        assert visitor.url == f"{public}/"
        visitor.get_by_label("Username").fill("ann")
        visitor.get_by_label("Password").fill("secret")
        visitor.get_by_role("button", name="Login").click()
        visitor.wait_for_selector(".person")
        use(visitor, photo)
        expect(visitor.locator("#unreachable")).to_have_count(0)
        cookies = visitor.context.cookies()
        assert cookies
        assert {(cookie["path"], cookie["secure"], cookie["sameSite"]) for cookie in cookies} == {
            ("/people/", True, "Lax")
        }
        outside = {url for url in asked if not url.startswith((public, "data:", "blob:"))}
        assert outside <= {f"https://{NAME}:{port}/manifest.json"}, "a name in gradio's own page"

        program = {"auth": accounts[0], "headers": {"host": f"{NAME}:{port}"}}
        with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=False, **program) as client:
            first = client.post("/people/api/v1/search", data={"text": "a red shirt"}).json()[0]
            assert first["thumbnail"].startswith("/people/api/v1/thumbnail?id=")
            assert client.get(first["thumbnail"]).headers["content-type"] == "image/jpeg"
            origin = {"origin": "https://people.example.com"}
            assert client.get("/people/api/v1/gallery", headers=origin).status_code == 403


def test_nginx_as_it_is_serves_the_page(desk: Desk, visitor: Page, tmp_path: Path, photo: Path) -> None:
    behind, port = free_port(), free_port()
    public = f"https://{NAME}:{port}"
    with (
        serve_page(desk, port=behind, public_url=public),
        nginx(tmp_path, AS_IT_IS.format(port=port, behind=f"http://127.0.0.1:{behind}"), port),
    ):
        visitor.goto(public)
        visitor.wait_for_selector(".person")
        use(visitor, photo)


def test_a_page_that_cannot_reach_its_server_says_so(url: str, visitor: Page, tmp_path: Path) -> None:
    port = free_port()
    with nginx(tmp_path, AS_IT_IS.format(port=port, behind=url.rstrip("/")), port):
        visitor.goto(f"https://{NAME}:{port}")
        expect(visitor.locator("#unreachable")).to_contain_text("--public-url")


def test_a_page_that_reaches_its_server_says_nothing(page: Page) -> None:
    expect(page.locator("#unreachable")).to_have_count(0)
