"""The people in one photo."""

from __future__ import annotations

import numpy as np
from PIL import Image

from textreid.io.images import open_image
from textreid.people.camera_name import photo_camera
from textreid.people.detectors.boxes import Detector
from textreid.people.sightings import Found, Sighting, record_id, settings_of
from textreid.people.source_files import Source
from textreid_index import Record


def find(source: Source, detector: Detector | None, camera: str | None) -> Found:
    """The people of a photo file.

    Raises:
        ImageError: it cannot be decoded.
    """
    people = sightings(open_image(source.path), source.key, detector, camera or photo_camera(source.path))
    return Found(source.state(settings_of(detector), "done", len(people)), people)


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
