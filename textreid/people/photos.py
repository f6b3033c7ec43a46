"""The people in one photo."""

from __future__ import annotations

from datetime import UTC, tzinfo

import numpy as np
from PIL import Image

from textreid.io.images import open_image
from textreid.people.camera_name import photo_camera
from textreid.people.detectors.boxes import Detector
from textreid.people.sightings import Found, Note, Sighting, record_id, settings_of
from textreid.people.source_files import Source
from textreid_index import Record


def find(source: Source, detector: Detector | None, camera: str | None, zone: tzinfo = UTC) -> Found:
    """The people of a photo file.

    Raises:
        ImageError: it cannot be decoded.
    """
    photo = open_image(source.path, zone=zone)
    people = sightings(photo, source.key, detector, camera or photo_camera(source.path))
    state = source.state(settings_of(detector), "done", len(people))
    return Found(state, people, notes=notes_of(photo, source.key))


def notes_of(photo: Image.Image, name: str) -> tuple[Note, ...]:
    """What the report should say of an open photo: what is missing from it."""
    damage = photo.info.get("damage")
    return (Note(name, damage),) if damage else ()


def sightings(photo: Image.Image, name: str, detector: Detector | None, camera: str | None) -> list[Sighting]:
    """The people of an open photo.

    Args:
        photo: from `open_image`.
        name: what its records call their source.
        detector: None: the whole photo is one person.
        camera: its camera.
    """
    taken = photo.info.get("taken")
    if detector is None:
        return [Sighting(photo, Record(record_id(name, None, None), name, None, camera, taken), None)]
    boxes = detector.detect([np.asarray(photo)])[0]
    found = []
    for xyxy, score in zip(np.rint(boxes.xyxy).tolist(), boxes.scores.tolist(), strict=True):
        box = tuple(xyxy)
        record = Record(record_id(name, None, box), name, box, camera, taken)
        found.append(Sighting(photo.crop(box), record, score))
    return found
