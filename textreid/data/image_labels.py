"""Who is a right answer when images search images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from textreid.metrics.labels import Labels
from textreid.types import UNKNOWN_CAMERA, PersonCrop


def image_labels(queries: Sequence[PersonCrop], gallery: Sequence[PersonCrop]) -> Labels:
    """Persons and cameras of a search by images.

    Args:
        queries: Q images of known people; the gallery itself, or none, where each of its images searches the
            others.
        gallery: G images of known people.
    """
    persons, cameras = person_ids(gallery), camera_ids(gallery)
    if not queries or queries == gallery:
        return Labels(persons, persons, cameras, cameras, own=np.arange(len(persons)))
    return Labels(person_ids(queries), persons, camera_ids(queries), cameras, distractors=True)


def person_ids(crops: Sequence[PersonCrop]) -> np.ndarray:
    """[N] int64, the data set's own numbers."""
    return np.array([crop.person_id for crop in crops], dtype=np.int64)


def camera_ids(crops: Sequence[PersonCrop]) -> np.ndarray:
    """[N] int64, `UNKNOWN_CAMERA` where an image names none."""
    cameras = [UNKNOWN_CAMERA if crop.camera_id is None else crop.camera_id for crop in crops]
    return np.array(cameras, dtype=np.int64)
