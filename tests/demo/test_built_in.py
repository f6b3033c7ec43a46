"""The gallery of drawn people that `textreid demo` opens by itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers.search_page import free_port
from tests.helpers.toy import ToyEncoder
from textreid.inference.encoder import Encoder
from textreid.search.person_search import PersonSearch
from textreid.synthetic import FramePerson, built_in_gallery
from textreid_demo import built_in
from textreid_index import Gallery

FRAMES = 4


@pytest.fixture(scope="module")
def truth() -> dict[str, FramePerson]:
    """Everybody in the 40 frames of the built-in gallery, by the id that the gallery gives them."""
    return {
        f"{frame.camera}-{frame.number:03}-{place}": one
        for frame in built_in_gallery()
        for place, one in enumerate(frame.people)
    }


@pytest.fixture(scope="module")
def pocket() -> Encoder:
    return Encoder.load("pocket")


@dataclass(frozen=True)
class Start:
    """What `textreid demo` did when it was started for the first time, looked at and stopped."""

    said: str
    page: int
    exit_code: int
    galleries: list[Path]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    cache = tmp_path_factory.mktemp("cache")
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "NO_COLOR": "1", "COLUMNS": "120"}
    command = [
        sys.executable,
        "-c",
        "from textreid.cli import main; main()",
        "demo",
        "--port",
        str(free_port()),
    ]
    said, page = "", 0
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as demo:
        assert demo.stderr is not None
        try:
            for line in demo.stderr:
                said += line
                if found := re.search(r"The page is at (http://\S+)", line):
                    with urllib.request.urlopen(found[1], timeout=10) as answer:
                        page = answer.status
                    demo.send_signal(signal.SIGINT)
                    break
            exit_code = demo.wait(timeout=30)
        finally:
            demo.kill()
    return Start(said, page, exit_code, list((cache / "textreid").glob("drawn-people-*/gallery")))


def test_the_verb_makes_it_opens_it_and_stops_when_told(start: Start) -> None:
    assert start.page == 200, start.said
    assert start.exit_code == 0
    assert len(start.galleries) == 1


def test_it_holds_everybody_drawn_with_frames_to_look_at(tmp_path: Path) -> None:
    gallery = built_in.prepare(ToyEncoder(), frames=FRAMES, folder=tmp_path)
    drawn = list(built_in_gallery(FRAMES))
    with PersonSearch.open(gallery, encoder=ToyEncoder()) as search:
        assert len(search) == sum(len(frame.people) for frame in drawn)
        assert search.gallery.cameras() == sorted({frame.camera for frame in drawn})
        for record in search.gallery.records():
            assert record.time in {frame.time for frame in drawn}
            assert search.frame(record.id).size == drawn[0].image.size
            assert record.box is not None
            x1, y1, x2, y2 = record.box
            assert 0 <= x1 < x2 <= drawn[0].image.width
            assert 0 <= y1 < y2 <= drawn[0].image.height


def test_it_is_made_once_for_each_encoder(tmp_path: Path) -> None:
    encoder = ToyEncoder()
    first = built_in.prepare(encoder, frames=FRAMES, folder=tmp_path)
    seen = encoder.images_seen
    assert built_in.prepare(encoder, frames=FRAMES, folder=tmp_path) == first
    assert encoder.images_seen == seen
    assert built_in.prepare(ToyEncoder(fingerprint="toy-2"), frames=FRAMES, folder=tmp_path) != first


def test_one_that_cannot_be_opened_is_made_anew(tmp_path: Path) -> None:
    gallery = built_in.prepare(ToyEncoder(), frames=FRAMES, folder=tmp_path)
    for file in gallery.iterdir():
        file.unlink()
    assert built_in.prepare(ToyEncoder(), frames=FRAMES, folder=tmp_path) == gallery
    with Gallery.open(gallery) as made:
        assert len(made) > 0


def test_a_start_that_fails_leaves_nothing(tmp_path: Path) -> None:
    class Failing(ToyEncoder):
        def encode_images(self, *args: object, **kwargs: object) -> None:  # type: ignore[override]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        built_in.prepare(Failing(), frames=FRAMES, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_shipped_model_finds_who_is_described(
    pocket: Encoder, tmp_path: Path, truth: dict[str, FramePerson]
) -> None:
    gallery = built_in.prepare(pocket, frames=8, folder=tmp_path)
    with PersonSearch.open(gallery, encoder=pocket) as search:
        people = {record.id: truth[record.id] for record in search.gallery.records()}
        asked = {one.person.number: one.caption for one in people.values()}
        first = {number: search.search(text, k=1)[0].id for number, text in asked.items()}
    right = sum(people[id].person.number == number for number, id in first.items())
    assert right / len(asked) >= 0.8, f"{right} of {len(asked)} people come first for their own description"


def test_each_example_of_the_page_finds_whom_it_describes(
    pocket: Encoder, start: Start, truth: dict[str, FramePerson]
) -> None:
    with PersonSearch.open(start.galleries[0], encoder=pocket) as search:
        first = [search.search(text, k=1)[0].id for text in built_in.EXAMPLES]
    worn = [
        (one.sex, one.upper_colour, one.upper, one.lower_colour, one.lower, one.bag_colour, one.bag)
        for one in (truth[id].person for id in first)
    ]
    assert worn == [
        ("female", "red", "coat", "navy", "jeans", "black", "backpack"),
        ("male", "teal", "hoodie", "brown", "trousers", None, "none"),
        ("female", "teal", "dress", None, "none", "red", "messenger bag"),
        ("male", "green", "jacket", "blue", "jeans", None, "none"),
    ]
