"""Photos and video to people: find them, follow them, keep the best view of each.

`list_sources` says what there is to read, `find_people` reads one source and yields what it found in units
that can be committed one by one, `load_detector` says who looks, `load_frame` shows where somebody was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.people.detectors.boxes import Boxes, Detector
    from textreid.people.detectors.load import load_detector
    from textreid.people.find import find_people
    from textreid.people.full_frame import load_frame
    from textreid.people.sightings import Found, Sighting, Skipped
    from textreid.people.source_files import Source, list_sources
    from textreid.people.video_file import Clip
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = [
    "Boxes",
    "Clip",
    "Detector",
    "Found",
    "Sighting",
    "Skipped",
    "Source",
    "find_people",
    "list_sources",
    "load_detector",
    "load_frame",
]
