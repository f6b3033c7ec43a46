"""The detector that ships, on drawn people whose places are known, and what it is built of."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torchvision.ops import box_iou

from textreid.people import Boxes, load_detector
from textreid.people.detectors.nanodet import Config, NanoDetDetector
from textreid.people.networks.nanodet import BINS, CLASSES, NanoDet, decode
from textreid.synthetic import built_in_gallery

Frames = list[tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def frames() -> Frames:
    return [
        (np.asarray(frame.image), np.array([person.box for person in frame.people]))
        for frame in built_in_gallery(4, cameras=4)
    ]


@pytest.fixture(scope="module")
def detector() -> NanoDetDetector:
    return NanoDetDetector()


def matches(truth: np.ndarray, boxes: np.ndarray) -> int:
    """How many people have a box of their own that overlaps them by half."""
    table = box_iou(torch.from_numpy(truth.astype(np.float32)), torch.from_numpy(boxes)).numpy()
    return int((table[linear_sum_assignment(-table)] > 0.5).sum())


def test_it_finds_more_people_than_hog_and_boxes_less_else(detector: NanoDetDetector, frames: Frames) -> None:
    people = sum(len(truth) for _, truth in frames)
    found, boxes = {}, {}
    for each in (detector, load_detector("hog")):
        got = [each.detect([image])[0].xyxy for image, _ in frames]
        found[each.name] = sum(matches(truth, one) for (_, truth), one in zip(frames, got, strict=True))
        boxes[each.name] = sum(map(len, got))
    assert found["nanodet"] >= 0.8 * people
    assert found["nanodet"] > found["hog"]
    assert found["nanodet"] / boxes["nanodet"] > found["hog"] / boxes["hog"]


@pytest.mark.parametrize("factor", [0.5, 2, 4])
def test_people_are_found_whatever_size_they_have(
    detector: NanoDetDetector, frames: Frames, factor: float
) -> None:
    image, truth = frames[0]
    resized = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    (boxes,) = detector.detect([resized])
    assert matches(truth * factor, boxes.xyxy) >= 0.8 * len(truth)
    assert len(boxes) <= len(truth) + 1


@pytest.mark.parametrize("width", [1920, 3840, 15360])
def test_a_person_is_found_once_anywhere_in_a_wide_image(
    detector: NanoDetDetector, frames: Frames, width: int
) -> None:
    """Wider than a view: tiles begin and end inside people, who are one person all the same."""
    image, _ = frames[0]
    scene = cv2.resize(image, (480, 270), interpolation=cv2.INTER_AREA)
    (alone,) = detector.detect([scene])
    copies = width // 480
    (boxes,) = detector.detect([np.tile(scene, (1, copies, 1))])
    assert 0.9 * copies * len(alone) <= len(boxes) <= 1.1 * copies * len(alone)
    places = np.concatenate([alone.xyxy + np.array([480 * n, 0, 480 * n, 0]) for n in range(copies)])
    assert matches(places, boxes.xyxy) >= 0.9 * len(places)


@pytest.mark.parametrize(
    "shape", [(1, 1), (3, 2000), (2000, 3), (40, 30), (64, 128), (700, 500), (1500, 2600)]
)
def test_any_size_gives_boxes_inside_the_image(detector: NanoDetDetector, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    before = noise.copy()
    (boxes,) = detector.detect([noise])
    assert isinstance(boxes, Boxes)
    assert (boxes.xyxy >= 0).all()
    assert (boxes.xyxy[:, 2:] <= shape[::-1]).all()
    assert (np.diff(boxes.scores) <= 0).all()
    assert np.array_equal(noise, before)


def test_an_image_alone_and_among_others_gives_the_same(detector: NanoDetDetector, frames: Frames) -> None:
    images = [image for image, _ in frames[:2]]
    together = detector.detect(images)
    for image, boxes in zip(images, together, strict=True):
        (alone,) = detector.detect([image])
        np.testing.assert_array_equal(alone.xyxy, boxes.xyxy)
        np.testing.assert_array_equal(alone.scores, boxes.scores)


def test_smaller_people_cost_larger_views(frames: Frames) -> None:
    image, truth = frames[0]
    tiny = cv2.resize(image, None, fx=0.12, fy=0.12, interpolation=cv2.INTER_AREA)
    usual, careful = (NanoDetDetector(Config(smallest=smallest)).detect([tiny])[0] for smallest in (64, 24))
    assert matches(truth * 0.12, careful.xyxy) > matches(truth * 0.12, usual.xyxy)


def test_a_level_is_read_as_distances_from_the_centres_of_its_cells() -> None:
    """Of 2 × 3 cells, the one in row 1, column 2: bins that say 1, 2, 3 and 4 strides, and an even logit."""
    head = torch.zeros(1, CLASSES + 4 * BINS, 2, 3)
    for side, strides in enumerate((1, 2, 3, 4)):
        head[0, CLASSES + side * BINS + strides, 1, 2] = 50.0
    scores, boxes = decode(head, stride=16)
    assert scores.shape == (1, 6)
    assert scores[0, 5].item() == 0.5
    x, y = 2.5 * 16, 1.5 * 16
    np.testing.assert_allclose(boxes[0, 5], [x - 16, y - 32, x + 48, y + 64], rtol=1e-5)
    np.testing.assert_allclose(boxes[0, 0], [8 - 80, 8 - 80, 8 + 80, 8 + 80], rtol=1e-5)  # level bins: mean 5


def test_the_network_has_the_published_size() -> None:
    network = NanoDet()
    assert sum(parameter.numel() for parameter in network.parameters()) == 3_786_068
    scores, boxes = network(torch.zeros(2, 3, 64, 96))
    cells = 8 * 12 + 4 * 6 + 2 * 3
    assert scores.shape == (2, cells)
    assert boxes.shape == (2, cells, 4)
