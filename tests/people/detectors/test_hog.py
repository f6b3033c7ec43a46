"""The detector that is always there, on drawn people whose places are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from textreid.people import Boxes, load_detector
from textreid.people.detectors.hog import merge
from textreid.synthetic import built_in_gallery


def overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """[N, M] intersection over union, box by box."""
    table = np.zeros((len(one), len(other)))
    for i, (a, b, c, d) in enumerate(one):
        for j, (e, f, g, h) in enumerate(other):
            shared = max(0, min(c, g) - max(a, e)) * max(0, min(d, h) - max(b, f))
            table[i, j] = shared / ((c - a) * (d - b) + (g - e) * (h - f) - shared)
    return table


def found(truth: np.ndarray, boxes: np.ndarray) -> int:
    table = overlaps(truth, boxes)
    rows, columns = linear_sum_assignment(-table)
    return int((table[rows, columns] > 0.4).sum())


@pytest.fixture(scope="module")
def frames() -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        (np.asarray(frame.image), np.array([person.box for person in frame.people]))
        for frame in built_in_gallery(4, cameras=4)
    ]


def test_it_finds_most_people_and_more_than_opencv_s_own_settings(
    frames: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    hog = cv2.HOGDescriptor()
    hog.setSVMDetector(cv2.HOGDescriptor.getDefaultPeopleDetector())
    people = ours = boxes = plain = 0
    for image, truth in frames:
        got = load_detector("hog").detect([image])[0].xyxy
        windows = np.reshape(hog.detectMultiScale(image)[0], (-1, 4)).astype(float)
        windows[:, 2:] += windows[:, :2]
        people, boxes = people + len(truth), boxes + len(got)
        ours, plain = ours + found(truth, got), plain + found(truth, windows)
    assert ours > plain
    assert ours / people > 0.5
    assert ours / boxes > 0.5


def test_a_tight_crop_holds_one_person_who_fills_it(frames: list[tuple[np.ndarray, np.ndarray]]) -> None:
    filled = crops = 0
    for image, truth in frames:
        for left, top, right, bottom in truth.astype(int):
            if bottom < image.shape[0] - 2 and overlaps(truth, [(left, top, right, bottom)]).sum() < 1.01:
                crop = cv2.resize(image[top:bottom, left:right], (64, 128))
                boxes = load_detector("hog").detect([crop])[0].xyxy
                crops += 1
                filled += found(np.array([[0, 0, 64, 128]]), boxes) == 1 and len(boxes) == 1
    assert crops >= 5
    assert filled / crops > 0.6


@pytest.mark.parametrize(
    "shape", [(1, 1), (3, 2000), (2000, 3), (40, 30), (64, 128), (700, 500), (2600, 3000)]
)
def test_any_size_gives_boxes_inside_the_image(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    before = noise.copy()
    (boxes,) = load_detector("hog").detect([noise])
    assert isinstance(boxes, Boxes)
    assert (boxes.xyxy >= 0).all()
    assert (boxes.xyxy[:, 2:] <= shape[::-1]).all()
    assert (np.diff(boxes.scores) <= 0).all()
    assert np.array_equal(noise, before)


def test_a_person_of_a_large_image_is_found_in_its_pixels(
    frames: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    image, _ = frames[0]
    small = load_detector("hog").detect([image])[0].xyxy
    large = load_detector("hog").detect([cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)])[
        0
    ]
    assert found(small, large.xyxy / 3) >= len(small) / 2


def test_windows_around_one_person_become_one_box() -> None:
    windows = np.array(
        [[0, 0, 10, 20], [2, 0, 12, 20], [50, 0, 60, 20], [100, 0, 110, 20], [99, 0, 109, 20.0]]
    )
    boxes, margins = merge(windows, np.array([1.0, 3.0, 2.0, 0.5, 0.5]), overlap=0.5)
    assert margins.tolist() == [3.0, 2.0, 0.5]
    assert boxes.tolist() == [[1.5, 0, 11.5, 20], [50, 0, 60, 20], [99.5, 0, 109.5, 20]]


def test_no_windows_are_no_boxes() -> None:
    boxes, margins = merge(np.zeros((0, 4)), np.zeros(0), overlap=0.5)
    assert boxes.shape == (0, 4)
    assert margins.shape == (0,)
