"""Whoever was deleted by hand from a file does not come back when it is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid.people.sightings import Box
from textreid_index import Gallery
from textreid_index.files import Deletion

if TYPE_CHECKING:
    from textreid.people.sightings import Found, Sighting

SECONDS = 1.0
"""How far apart two moments of a film may be that show the same person at the same place."""

OVERLAP = 0.5
"""Intersection over union from which two boxes show the same person."""


def not_deleted(unit: Found, gallery: Gallery) -> list[int]:
    """The places, in `unit.sightings`, of those who were not deleted from this file."""
    deleted = gallery.files.deleted(unit.source)
    return [
        place
        for place, person in enumerate(unit.sightings)
        if not any(_is_same(person, each) for each in deleted)
    ]


def _is_same(person: Sighting, deletion: Deletion) -> bool:
    """Whether a person was where and when one was deleted; a whole image shows whoever is in it."""
    record, moment = person.record, deletion.offset or 0.0
    places = person.path or [(record.offset or 0.0, record.box)]
    offset, box = min(places, key=lambda place: abs(place[0] - moment))
    if record.source != deletion.source or abs(offset - moment) > SECONDS:
        return False
    return box is None or deletion.box is None or _overlap(box, deletion.box) >= OVERLAP


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return common / (sum(areas) - common) if common else 0.0
