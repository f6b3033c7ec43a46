"""A set of three queries and six images, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from textreid.metrics.labels import Labels
from textreid.metrics.protocols import image_to_image, text_to_image
from textreid.types import UNKNOWN_CAMERA

# Scores of each query with the six images fall from the first to the last place (angles of 5, 15, 25, ...).
#
#   place            1    2    3    4    5    6
#   person           7    7    8    7    8    0
#   camera           1    2    1    ?    2    3
#
#   query of person 7 by camera 1: place 1 is its own view; right are 2 and 4, now at ranks 1 and 3.
#   query of person 8 by camera 2: place 5 is its own view; right is 3, at rank 3.
#   query of person 7 by nobody knows which camera: right are 1, 2 and 4.
GALLERY_PERSONS, GALLERY_CAMERAS = [7, 7, 8, 7, 8, 0], [1, 2, 1, UNKNOWN_CAMERA, 2, 3]
PERSONS, CAMERAS = [7, 8, 7], [1, 2, UNKNOWN_CAMERA]


def fan(places: int) -> np.ndarray:
    angles = np.deg2rad(5 + 10 * np.arange(places))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def three_queries(persons=PERSONS, cameras=CAMERAS):
    queries = np.tile(np.array([[1, 0]], np.float32), (len(persons), 1))
    return image_to_image(
        queries,
        np.array(persons),
        np.array(cameras),
        fan(6),
        np.array(GALLERY_PERSONS),
        np.array(GALLERY_CAMERAS),
    )


def test_a_pair_with_an_unknown_camera_counts_and_every_other_keeps_the_rule():
    result = three_queries()
    assert result.percent["R1"] == pytest.approx(100 * (1 + 0 + 1) / 3)
    precisions = [(1 / 1 + 2 / 3) / 2, 1 / 3, (1 / 1 + 2 / 2 + 3 / 4) / 3]
    assert result.percent["mAP"] == pytest.approx(100 * np.mean(precisions))
    assert result.percent["mINP"] == pytest.approx(100 * np.mean([2 / 3, 1 / 3, 3 / 4]))
    assert (result.queries, result.skipped, result.gallery) == (3, 0, 6)


def test_person_0_is_asked_for_by_no_query_of_an_image_search_and_is_a_person_in_a_text_search():
    assert three_queries([7, 0], [1, 1]).queries == 1
    eye = np.eye(2, dtype=np.float32)
    assert text_to_image(eye, np.array([0, 1]), eye, np.array([0, 1])).queries == 2


def test_an_image_never_finds_itself_whatever_is_known_of_its_camera():
    persons, cameras = np.array([4, 4, 5]), np.array([1, UNKNOWN_CAMERA, UNKNOWN_CAMERA])
    labels = Labels(persons, persons, cameras, cameras, own=np.arange(3))
    assert [labels.relevance(query)[0].tolist() for query in range(3)] == [[1], [0], []]
    assert labels.relevance(2)[1].tolist() == [2]


def test_queries_without_an_answer_are_counted_by_their_reason():
    asked, searched = np.array([1, 2, 3, 0]), np.array([1, 1, 2, 0])
    labels = Labels(asked, searched, np.array([1, 5, 1, 1]), np.array([2, 1, 5, 1]), distractors=True)
    counts = labels.count_answers()
    assert (counts.answered, counts.missing, counts.one_camera, counts.distractors) == (1, 1, 1, 1)
    assert counts.in_words == (
        "1 of people with no other image in the gallery, 1 of people seen by no second camera,"
        " 1 of person 0, whom no query asks for"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"queries": 2 * np.eye(2, dtype=np.float32)}, "2 of 2 vectors are not of unit norm"),
        ({"gallery": np.full((2, 2), np.nan, np.float32)}, "2 of 2 vectors are not of unit norm"),
        ({"gallery": np.eye(3, dtype=np.float32)[:2]}, "encode both with one model"),
        ({"gallery": np.zeros((0, 2), np.float32), "gallery_ids": np.zeros(0, int)}, "The gallery is empty"),
        ({"query_ids": np.array(["1", "2"])}, "persons of the queries: expected 2 whole numbers"),
        ({"query_ids": np.array([1.0, 2.0])}, "persons of the queries: expected 2 whole numbers"),
        ({"query_cameras": np.array([1, 2])}, "Cameras are given on one side only"),
        ({"query_cameras": np.array([1]), "gallery_cameras": np.array([1, 2])}, "cameras of the queries"),
    ],
)
def test_what_is_no_search_is_refused_at_the_door(change, message):
    from textreid.metrics.search import Search

    eye = np.eye(2, dtype=np.float32)
    fields = {"queries": eye, "query_ids": np.array([1, 2]), "gallery": eye, "gallery_ids": np.array([1, 2])}
    with pytest.raises(ValueError, match=message):
        Search(**(fields | change))
