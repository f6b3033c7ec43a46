"""First starts of the built-in gallery, with an encoder that costs nothing."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.toy import ToyEncoder
from textreid.synthetic import built_in_gallery
from textreid_demo import built_in
from textreid_index import Gallery

FRAMES = 1
PEOPLE = sum(len(frame.people) for frame in built_in_gallery(FRAMES))


def make(home: Path) -> None:
    built_in.prepare(ToyEncoder(), frames=FRAMES, folder=home)


def start_again(home: Path) -> tuple[int, int]:
    """People whom the next start finds, and how many names lie in the cache then."""
    with Gallery.open(built_in.prepare(ToyEncoder(), frames=FRAMES, folder=home)) as gallery:
        return len(gallery), len(list(home.iterdir()))
