"""How much there is of everything."""

from __future__ import annotations

from textreid.data.tools.doctor.finding import Crops, is_distractor, known_people
from textreid.types import JUNK


def counts(crops: Crops) -> dict[str, dict[str, int]]:
    """Split -> how many "images", "people", "junk", "distractors", "cameras" and "captions" there are.

    Images of somebody unknown count as junk; neither junk nor distractors count as people.
    """
    return {
        split: {
            "images": len(own),
            "people": len(known_people(split, own)),
            "junk": sum(crop.person_id in (None, JUNK) for crop in own),
            "distractors": sum(is_distractor(split, crop) for crop in own),
            "cameras": len({crop.camera_id for crop in own} - {None}),
            "captions": sum(len(crop.captions) for crop in own),
        }
        for split, own in crops.items()
    }
