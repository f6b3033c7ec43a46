"""A gallery of seven figures on two cameras, whose colours say who they are."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.toy import draw_frame
from textreid.people import Sighting
from textreid.search.person_search import PersonSearch
from textreid_index import Record

FRAMES = (
    ("north", 1772366400.0, [("red", "blue"), ("green", "black")]),
    ("north", 1772366430.0, [("yellow", "grey"), ("blue", "white")]),
    ("south", 1772370000.0, [("red", "blue"), ("purple", "brown")]),
    ("south", 1772370060.0, [("orange", "green")]),
)
"""Camera, POSIX seconds (from 2026-03-01 12:00 UTC) and who is in each frame: upper and lower colour."""


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
