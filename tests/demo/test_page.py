"""The page in a browser: what somebody sees and does."""

from __future__ import annotations

import base64
import csv
import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Request, expect

from tests.helpers.search_page import ask, ids, new_results, open_person
from tests.helpers.street import fill
from tests.helpers.toy import ToyEncoder, draw_frame, draw_person
from textreid.search.person_search import PersonSearch
from textreid.service.desk import Desk
from textreid_demo.serve import serve_page
from textreid_index import Gallery

pytestmark = pytest.mark.browser


def test_the_gallery_is_there_at_once(page: Page) -> None:
    assert len(ids(page)) == 7
    expect(page.locator("#about")).to_have_text("7 people, 2 cameras")


def test_enter_searches_and_the_right_person_comes_first(page: Page) -> None:
    ask(page, "a person in a green shirt and black trousers")
    assert ids(page)[0] == "north-0-green"
    first = page.locator("#results .person").first
    expect(first.locator(".rank")).to_have_text("1")
    expect(first.locator(".line")).not_to_contain_text("1.00")
    expect(first.locator(".line")).to_contain_text("north 2026-03-01 12:00")


def test_an_example_searches_with_one_click(page: Page) -> None:
    with new_results(page):
        page.get_by_role("button", name="a woman in a red coat").click()
    expect(page.locator("#text input")).to_have_value("a woman in a red coat")
    assert set(ids(page)[:2]) == {"north-0-red", "south-2-red"}


def test_a_person_opens_with_frame_facts_and_neighbours(page: Page) -> None:
    ask(page, "a red shirt and blue trousers")
    open_person(page, "north-0-red")
    expect(page.locator("#person dl").first).to_contain_text("2026-03-01 12:00:00 UTC")
    expect(page.locator("#person dl").first).to_contain_text("north-0.png")
    source = page.locator("#person .full img").get_attribute("src") or ""
    frame = Image.open(io.BytesIO(base64.b64decode(source.split(",")[1])))
    assert frame.size == (320, 160)
    red, green, blue = frame.convert("RGB").getpixel((20, 80))  # on the left edge of the box
    assert red > max(green, blue) + 100
    near = page.locator("#person .strip button")
    assert [button.get_attribute("data-id") for button in near.all()] == [
        "north-0-green",
        "north-1-yellow",
        "north-1-blue",
    ]
    near.nth(1).click()
    expect(page.locator("#person dl").first).to_contain_text("2026-03-01 12:00:30 UTC")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()


def test_find_this_person_elsewhere(page: Page) -> None:
    open_person(page, "north-0-red")
    with new_results(page):
        page.get_by_role("button", name="Find this person").click()
    assert ids(page)[0] == "south-2-red"
    assert "north-0-red" not in ids(page)
    expect(page.locator(".steering .chip")).to_contain_text("Like this person")
    expect(page.locator("#text input")).to_have_value("")
    page.locator("#filters > button").click()
    page.get_by_label("From", exact=True).fill("2026-03-01T13:00:30")
    page.get_by_label("From", exact=True).press("Enter")
    expect(page.locator("#results .person")).to_have_count(1)
    expect(page.locator(".steering .chip")).to_contain_text("Like this person")


def test_feedback_steers_and_can_be_taken_back(page: Page) -> None:
    ask(page, "a red shirt")
    before = ids(page)
    assert before.index("north-1-blue") > 1
    open_person(page, "north-1-blue")
    with new_results(page):
        page.get_by_role("button", name="More like this").click()
    assert ids(page).index("north-1-blue") < before.index("north-1-blue")
    open_person(page, "north-0-red")
    with new_results(page):
        page.get_by_role("button", name="Less like this").click()
    expect(page.locator(".steering .chip")).to_have_count(2)
    assert "north-0-red" not in ids(page)
    for _ in range(2):
        count = page.locator(".steering .chip").count()
        page.wait_for_timeout(300)  # the page takes no click while it still answers the last one
        with new_results(page):
            page.locator(".steering [data-do=release]").first.click()
        expect(page.locator(".steering .chip")).to_have_count(count - 1)
    assert ids(page) == before


def test_filters_narrow_the_search(page: Page) -> None:
    ask(page, "a red shirt and blue trousers")
    page.locator("#filters > button").click()
    page.get_by_label("Camera", exact=True).click()
    page.get_by_role("option", name="south").click()
    expect(page.locator("#results .person")).to_have_count(3)
    assert ids(page)[0] == "south-2-red"
    page.get_by_label("From", exact=True).fill("2026-03-01T13:00:30")
    page.get_by_label("From", exact=True).press("Enter")
    expect(page.locator("#results .person")).to_have_count(1)
    assert ids(page) == ["south-3-orange"]
    page.get_by_label("From", exact=True).fill("2027-01-01")
    page.get_by_label("From", exact=True).press("Enter")
    expect(page.locator("#results .note")).to_contain_text("Nobody passes these filters")


def test_a_moment_that_cannot_be_read_is_explained(page: Page) -> None:
    page.locator("#filters > button").click()
    page.get_by_label("From", exact=True).fill("yesterday")
    page.get_by_label("From", exact=True).press("Enter")
    expect(page.locator("#results .note.wrong")).to_contain_text("'yesterday' is not a date and time")


def test_an_example_photo_searches_alone_and_with_words(page: Page, tmp_path: Path) -> None:
    photo = tmp_path / "example.png"
    draw_person("purple", "brown").save(photo)
    with new_results(page):
        page.locator("#photo input[type=file]").set_input_files(photo)
    assert ids(page)[0] == "south-2-purple"
    assert page.locator("#photo img").get_attribute("src").startswith("data:image/jpeg;base64,")
    ask(page, "green trousers")
    assert set(ids(page)[:2]) == {"south-2-purple", "south-3-orange"}


def test_a_broken_example_photo_is_explained(page: Page, tmp_path: Path) -> None:
    photo = tmp_path / "broken.jpg"
    photo.write_text("not an image")
    page.locator("#photo input[type=file]").set_input_files(photo)
    expect(page.locator("#results .note.wrong")).to_contain_text("The example photo cannot be used")


def test_added_photos_can_be_found(page: Page, gallery: Gallery, tmp_path: Path) -> None:
    photo, broken = tmp_path / "yard.png", tmp_path / "broken.jpg"
    draw_frame([("pink", "orange"), ("white", "green")])[0].save(photo)
    broken.write_bytes(b"\xff\xd8\xff")
    page.get_by_role("button", name="Add photos or a video").click()
    page.locator("#files input[type=file]").set_input_files([photo, broken])
    page.get_by_label("Camera name").fill("yard")
    expect(page.locator("#files")).to_contain_text("yard")
    page.get_by_role("button", name="Add to the gallery").click()
    expect(page.locator("#taken")).to_contain_text("Added 2 people.")
    expect(page.locator("#taken")).to_contain_text("Skipped broken-")
    expect(page.locator("#about")).to_have_text("9 people, 3 cameras")
    expect(page.locator("#results .person")).to_have_count(9)
    ask(page, "a pink shirt and orange trousers")
    found = gallery.get(ids(page)[0])
    assert found.camera == "yard"
    assert Path(found.source).parent == Path("uploads")
    assert len(list((gallery.path / "uploads").iterdir())) == 1


def test_deleting_asks_first_and_takes_the_upload_along(page: Page, gallery: Gallery, tmp_path: Path) -> None:
    photo = tmp_path / "yard.png"
    draw_frame([("pink", "orange"), ("white", "green")])[0].save(photo)
    page.get_by_role("button", name="Add photos or a video").click()
    page.locator("#files input[type=file]").set_input_files(photo)
    expect(page.locator("#files")).to_contain_text("yard")
    page.get_by_role("button", name="Add to the gallery").click()
    expect(page.locator("#taken")).to_contain_text("Added 2 people.")
    expect(page.locator("#about")).to_have_text("9 people, 3 cameras")
    expect(page.locator("#results .person")).to_have_count(9)
    ask(page, "a pink shirt and orange trousers")
    pink = ids(page)[0]
    open_person(page, pink)
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("button", name="Delete this person")).to_be_hidden()
    assert len(gallery) == 9
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete all 2 people of this file").click()
    expect(page.locator("#results .person")).to_have_count(7)
    expect(page.locator("#about")).to_have_text("7 people, 2 cameras")
    assert pink not in ids(page)
    assert list((gallery.path / "uploads").iterdir()) == []


def test_deleting_one_person_leaves_the_others(page: Page, gallery: Gallery) -> None:
    source = Path(gallery.get("north-0-red").source)
    open_person(page, "north-0-red")
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete this person").click()
    expect(page.locator("#results .person")).to_have_count(6)
    assert "north-0-red" not in ids(page)
    assert "north-0-green" in ids(page)
    assert source.exists(), "files outside the gallery stay"


def test_an_image_that_is_gone_is_explained(page: Page, gallery: Gallery) -> None:
    Path(gallery.get("north-0-red").source).unlink()
    open_person(page, "north-0-red")
    expect(page.locator("#person .note")).to_contain_text("The full image cannot be shown")
    expect(page.locator("#person .full img")).to_be_visible()


def test_a_long_gallery_is_shown_in_parts(page: Page, search: PersonSearch, tmp_path: Path) -> None:
    for _ in range(4):
        fill(search, tmp_path, prefix=f"again-{len(search)}-")
    with new_results(page):
        page.locator("#text input").press("Enter")
    expect(page.locator("#results .person")).to_have_count(24)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("#results .person")).to_have_count(35)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    assert len(set(ids(page))) == 35


def test_an_empty_gallery_says_how_to_fill_it(browser: Browser, port: int, tmp_path: Path) -> None:
    with (
        PersonSearch.open(tmp_path / "new", create=True, encoder=ToyEncoder()) as search,
        serve_page(Desk(search), port=port) as url,
    ):
        page = browser.new_page()
        page.goto(url)
        note = page.locator("#results .note")
        expect(note).to_contain_text("No people in this gallery yet")
        expect(note).to_contain_text("textreid index")
        expect(page.locator("#take")).to_be_visible()
        page.locator("#text input").fill("a red shirt")
        page.locator("#text input").press("Enter")
        expect(page.locator("#results .heading")).to_have_count(0)
        expect(note).to_contain_text("No people in this gallery yet")
        page.close()


def test_results_can_be_taken_along(page: Page) -> None:
    ask(page, "a red shirt and blue trousers")
    with page.expect_download() as table:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(table.value.path()).read_text("utf-8"))))
    assert [row["id"] for row in rows] == ids(page)
    assert list(rows[0]) == ["rank", "score", "id", "source", "box", "camera", "time"]
    with page.expect_download() as sheet:
        page.get_by_role("button", name="Contact sheet").click()
    assert Image.open(io.BytesIO(Path(sheet.value.path()).read_bytes())).format == "JPEG"


def test_markup_in_names_is_shown_not_run(page: Page, gallery: Gallery) -> None:
    name = "<img src=x onerror='window.hacked=1'> ${window.hacked=2} {{value}}"
    page.get_by_role("button", name="Add photos or a video").click()
    page.get_by_label("Camera name").fill(name)
    page.locator("#files input[type=file]").set_input_files(
        [{"name": "yard.png", "mimeType": "image/png", "buffer": png(("pink", "orange"))}]
    )
    expect(page.locator("#files")).to_contain_text("yard")
    page.get_by_role("button", name="Add to the gallery").click()
    expect(page.locator("#taken")).to_contain_text("Added 1 person.")
    expect(page.locator("#results .person")).to_have_count(8)
    ask(page, "a pink shirt and orange trousers")
    expect(page.locator("#results .person").first).to_contain_text(name)
    assert page.evaluate("window.hacked") is None


def png(*people: tuple[str, str]) -> bytes:
    buffer = io.BytesIO()
    draw_frame(people)[0].save(buffer, "PNG")
    return buffer.getvalue()


def test_nothing_is_loaded_from_elsewhere(page: Page, url: str, requests: list[Request]) -> None:
    ask(page, "a red shirt")
    open_person(page, ids(page)[0])
    others = [r.url for r in requests if not r.url.startswith((url, "data:", "blob:"))]
    assert others == []
    assert len(requests) > 10


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone(browser: Browser, url: str, theme: str) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.goto(f"{url}?__theme={theme}")
    page.wait_for_selector(".person")
    ask(page, "a red shirt")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate("document.querySelector('#text input').offsetWidth") > 300
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, background[4:-1].split(","))) < 200) == (theme == "dark")
    open_person(page, ids(page)[0])
    assert page.evaluate("document.querySelector('#panel').offsetWidth") == 360
    page.close()


def test_it_works_without_a_mouse(page: Page) -> None:
    page.locator("#text input").fill("a red shirt and blue trousers")
    page.keyboard.press("Enter")
    page.wait_for_selector("#results .rank")
    page.locator("#results .person").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#person dl")
    expect(page.locator("#close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#results .person").first).to_be_focused()
