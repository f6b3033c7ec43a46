"""The page over a calibrated model: how likely hits are, and what it says when nobody matches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, Page, expect

from tests.helpers.calibrated import CalibratedToy
from tests.helpers.search_page import PATIENCE, ask, free_port, ids, new_results, open_person
from tests.helpers.street import fill
from textreid.search.person_search import PersonSearch
from textreid.service.desk import Desk
from textreid_demo.serve import serve_page

pytestmark = pytest.mark.browser

RED = ["north-0-red", "south-2-red"]
WORDS = "a red shirt and blue trousers"
STRANGER = "a pink shirt and orange trousers"


@pytest.fixture(scope="module")
def address(served: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a second page, which lives within the life of the first: pages share where uploads wait."""
    folder = tmp_path_factory.mktemp("likely")
    with PersonSearch.open(folder / "gallery", create=True, encoder=CalibratedToy()) as search:
        fill(search, folder)
        with serve_page(Desk(search), port=free_port()) as url:
            yield url


@pytest.fixture
def sure(browser: Browser, address: str) -> Iterator[Page]:
    """The page of the calibrated model, as wide as a phone."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.wait_for_selector(".person")
    yield page
    page.close()


def choose(page: Page, name: str) -> None:
    page.get_by_label("Show", exact=True).click()
    page.get_by_role("option", name=name).click()


def only_likely(page: Page) -> None:
    page.locator("#filters > button").click()
    with new_results(page):
        choose(page, "Likely matches (1 false alarm in 20 searches)")


def test_hits_say_how_likely_they_are(sure: Page) -> None:
    ask(sure, WORDS)
    likely = sure.locator("#results .person .likely")
    assert likely.all_text_contents()[:3] == ["over 99 %", "over 99 %", "under 1 %"]
    assert (
        sure.locator("#results .person").first.get_attribute("title").startswith("Rank 1, over 99 % likely")
    )
    assert sure.evaluate("document.documentElement.scrollWidth") == 390
    ask(sure, "a red shirt")
    assert likely.all_text_contents()[:3] == ["82 %", "82 %", "under 1 %"]
    open_person(sure, RED[0])
    expect(sure.locator("#person dl").first).to_contain_text("Probability82 %")
    details = sure.locator("#person details")
    expect(details.locator("dl")).to_be_hidden()
    details.locator("summary").click()
    expect(details.locator("dl")).to_contain_text("Score0.")


def test_words_in_another_script_get_ranks_and_a_sentence(sure: Page) -> None:
    ask(sure, WORDS)
    only_likely(sure)
    ask(sure, "мужчина в красной рубашке")
    assert len(ids(sure)) == 7
    expect(sure.locator("#results .heading")).to_contain_text("knows no word of this description")
    expect(sure.locator("#results .likely")).to_have_count(0)


def test_only_likely_matches(sure: Page) -> None:
    ask(sure, WORDS)
    only_likely(sure)
    assert ids(sure) == RED
    expect(sure.locator("#results .heading")).to_contain_text("1 in 20 searches")
    with new_results(sure):
        choose(sure, "Everybody")
    assert len(ids(sure)) == 7


def test_nobody_matches_and_the_nearest_can_still_be_seen(sure: Page) -> None:
    ask(sure, WORDS)
    only_likely(sure)
    ask(sure, STRANGER)
    note = sure.locator("#results .note")
    expect(note).to_contain_text("Nobody matches.")
    expect(note).to_contain_text("a likely match needs 0.80 here")
    assert ids(sure) == []
    with new_results(sure):
        sure.get_by_role("button", name="Show the nearest people").click()
    assert len(ids(sure)) == 7
    expect(sure.get_by_label("Show", exact=True)).to_have_value("Everybody, best first")


def test_several_guides_together_show_everybody_and_say_why(sure: Page) -> None:
    ask(sure, WORDS)
    only_likely(sure)
    open_person(sure, RED[0])
    with new_results(sure):
        sure.get_by_role("button", name="More like this").click()
    assert len(ids(sure)) == 7
    expect(sure.locator("#results .heading")).to_contain_text("not known for a query of several parts")
    expect(sure.locator("#results .heading")).to_contain_text("Everybody is shown.")
    expect(sure.locator("#results .likely")).to_have_count(0)


def test_a_model_that_is_not_calibrated_offers_nothing_of_it(page: Page) -> None:
    ask(page, WORDS)
    page.locator("#filters > button").click()
    expect(page.get_by_label("Until", exact=True)).to_be_visible()
    expect(page.get_by_label("Show", exact=True)).to_have_count(0)
    expect(page.locator("#results .likely")).to_have_count(0)


def test_programs_can_ask_for_likely_matches(address: str) -> None:
    client = Client(address, verbose=False)
    hits = client.predict(text=WORDS, false_alarms=0.05, api_name="/search")
    assert [hit["id"] for hit in hits] == RED
    assert hits[0]["probability"] > 0.99
    assert client.predict(text=STRANGER, false_alarms=0.05, api_name="/search") == []
    alike = client.predict(id=RED[0], false_alarms=0.05, api_name="/similar")
    assert [hit["id"] for hit in alike] == RED[1:]
    with pytest.raises(AppError, match="a description alone or a photo alone"):
        client.predict(text=WORDS, more_like=RED[:1], false_alarms=0.05, api_name="/search")
    with pytest.raises(AppError, match=r"false_alarms: expected a number"):
        client.predict(text=WORDS, false_alarms="often", api_name="/search")
    assert "probability" not in client.predict(text=WORDS, more_like=RED[:1], api_name="/search")[0]
    assert "probability" not in client.predict(text="人", api_name="/search")[0]
    with pytest.raises(AppError, match="knows no word of this description"):
        client.predict(text="人", false_alarms=0.05, api_name="/search")
    client.close()
