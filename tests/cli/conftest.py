"""Photos and a gallery of them, filled with the toy model."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.toy import draw_person
from tests.helpers.toy_console import run_textreid


@pytest.fixture
def textreid():
    return run_textreid


def draw_photos(home: Path) -> Path:
    """Three people, one crop each."""
    folder = home / "photos"
    folder.mkdir()
    for upper, lower in (("red", "blue"), ("blue", "black"), ("green", "white")):
        draw_person(upper, lower).save(folder / f"{upper}-{lower}.png")
    return folder


def fill(home: Path) -> Path:
    """A folder with photos/ and, of them, gallery/."""
    photos = draw_photos(home)
    run_textreid("index", photos, "--gallery", home / "gallery", "--crops", "--camera", "gate")
    return home


@pytest.fixture
def photos(tmp_path, monkeypatch) -> Path:
    """The photos alone; tests run in the folder that holds them."""
    monkeypatch.chdir(tmp_path)
    return draw_photos(tmp_path)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """Photos and gallery, to be changed by one test, which runs in their folder."""
    monkeypatch.chdir(tmp_path)
    return fill(tmp_path)


@pytest.fixture(scope="session")
def filled(tmp_path_factory) -> Path:
    home = fill(tmp_path_factory.mktemp("kept"))
    (home / "text.jpg").write_text("no picture")
    return home


@pytest.fixture
def kept(filled, monkeypatch) -> Path:
    """As `home`, for all tests that only look."""
    monkeypatch.chdir(filled)
    return filled
