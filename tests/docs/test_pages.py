"""The pages hang together: every verb has one, every one is listed, every link leads somewhere."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.helpers.docs_pages import ROOT, Page, read_pages

PAGES = read_pages()
LINK = re.compile(r"(?:\]\(|(?:src|href)=\")(?P<target>[^)\s\"]+)")
PAGE_OF_VERB = {
    "calibrate": "calibration",
    "eval": "evaluation",
    "train": "training",
    "synthesize": "synthetic-people",
    "doctor": "own-data",
    "convert": "own-data",
    "unpack": "data-sets",
}


def verbs() -> list[str]:
    own = [file.stem for file in (ROOT / "textreid" / "cli").glob("[!_]*.py")]
    return sorted([*own, *(point.name for point in entry_points(group="textreid.verbs"))])


def links(page: Page) -> list[str]:
    return [match["target"] for match in LINK.finditer(page.prose)]


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_has_a_page_that_shows_it(verb: str) -> None:
    page = ROOT / "docs" / f"{PAGE_OF_VERB.get(verb, verb)}.md"
    assert page.exists(), f"textreid {verb} needs a page: docs/{page.name}"
    assert f"textreid {verb}" in page.read_text("utf-8")


def test_every_page_is_listed_in_the_index() -> None:
    index = next(page for page in PAGES if page.name == "docs/README.md")
    listed = {Path("docs", link.split("#")[0]).as_posix() for link in links(index)}
    assert {page.name for page in PAGES if page.name.startswith("docs/") and page is not index} <= listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_one_title(page: Page) -> None:
    assert len(re.findall(r"^# .", page.prose, re.MULTILINE)) == 1
    assert page.prose.lstrip().startswith("# ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Page) -> None:
    anchors = {other.path.resolve(): other.anchors for other in PAGES}
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        file = (page.path.parent / target).resolve() if target else page.path.resolve()
        assert file.exists(), f"{page.name} links to {link}, which is not there"
        assert ROOT in [file, *file.parents], f"{page.name} links out of the repository: {link}"
        assert not anchor or anchor in anchors.get(file, set()), f"{page.name}: no heading for {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_no_machine(page: Page) -> None:
    assert not re.search(r"(?<![\w.])/(?:work|root|home|tmp|Users)/", page.text)
