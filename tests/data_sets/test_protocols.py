"""The protocols say what is wrong with what they are called with."""

from __future__ import annotations

import numpy as np
import pytest

from textreid.metrics import image_to_image, text_to_image
from textreid.types import UNKNOWN_CAMERA

UNIT = np.eye(3, dtype=np.float32)
PERSONS = np.array([1, 2, 3])
CAMERAS = np.array([1, 1, 2])


@pytest.mark.parametrize(
    ("vectors", "persons", "gallery", "said"),
    [
        (2 * UNIT, PERSONS, UNIT, "3 of 3 vectors are not of unit norm"),
        (UNIT.tolist(), PERSONS, UNIT, "queries: expected a numpy array, not list"),
        (None, PERSONS, UNIT, "queries: expected a numpy array, not NoneType"),
        (UNIT, [1, 2, 3], UNIT, "persons of the queries: expected a numpy array, not list"),
        (UNIT, np.array(["1", "2", "3"]), UNIT, "persons of the queries: expected 3 whole numbers"),
        (UNIT, np.array([1, np.nan, 3]), UNIT, "persons of the queries: expected 3 whole numbers"),
        (UNIT, np.array([1, None, 3]), UNIT, "persons of the queries: expected 3 whole numbers"),
        (UNIT, PERSONS[:2], UNIT, "3 vectors do not fit 2 persons"),
        (UNIT, PERSONS, UNIT[:, :2], "gallery: 1 of 3 vectors are not of unit norm"),
    ],
)
def test_broken_vectors_and_persons_are_refused_in_words(vectors, persons, gallery, said):
    with pytest.raises(ValueError, match=said):
        text_to_image(vectors, persons, gallery, PERSONS)


def test_an_empty_gallery_is_refused():
    with pytest.raises(ValueError, match="The gallery is empty"):
        text_to_image(UNIT, PERSONS, UNIT[:0], PERSONS[:0])


@pytest.mark.parametrize(("asked", "searched"), [(CAMERAS, None), (None, CAMERAS)])
def test_cameras_on_one_side_are_refused(asked, searched):
    with pytest.raises(ValueError, match="on one side only"):
        image_to_image(UNIT, PERSONS, asked, UNIT, PERSONS, searched)


def test_without_cameras_there_is_no_camera_rule():
    assert image_to_image(UNIT, PERSONS, None, UNIT, PERSONS, None).percent["R1"] == 100


def test_three_queries_and_six_images_worked_out_by_hand():
    """Each image lies at an angle; the nearest angle is the best hit.

    Query a (person 1, camera 1, at 0°) sees 1/c1 at 1° (ignored), 2/c2 at 5°, 1/c2 at 10°, 1/? at 40°, ...:
    right at ranks 2 and 3 of what counts: AP = (1/2 + 2/3) / 2 = 7/12, INP = 2/3.
    Query b (person 2, no camera, at 90°) sees 3/c1 at 88°, 2/c1 at 85°, 1 at 40° and 10°, 2/c2 at 5°:
    right at ranks 2 and 5: AP = (1/2 + 2/5) / 2 = 9/20, INP = 2/5.
    Query c (person 3, camera 1, at 88°) has its own camera's image alone: left out.
    R1 = 0, mAP = (7/12 + 9/20) / 2 = 31/60, mINP = (2/3 + 2/5) / 2 = 8/15.
    """

    def at(*degrees: float) -> np.ndarray:
        radians = np.radians(degrees)
        return np.stack([np.cos(radians), np.sin(radians)], axis=1)

    result = image_to_image(
        at(0, 90, 88),
        np.array([1, 2, 3]),
        np.array([1, UNKNOWN_CAMERA, 1]),
        at(1, 5, 10, 40, 85, 88),
        np.array([1, 2, 1, 1, 2, 3]),
        np.array([1, 2, 2, UNKNOWN_CAMERA, 1, 1]),
    )
    assert (result.queries, result.skipped, result.percent["R1"]) == (2, 1, 0)
    assert result.percent["mAP"] == pytest.approx(100 * 31 / 60)
    assert result.percent["mINP"] == pytest.approx(100 * 8 / 15)
