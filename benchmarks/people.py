"""How many people a detector finds in the annotated frames of a clip, and how many boxes are people.

    python benchmarks/people.py vtest.avi gt.txt > benchmarks/results/people.json

`gt.txt` is in the format of MOTChallenge: frame from 1, identity, left, top, width, height, ... Debian's
package opencv-doc has vtest.avi, which MOTChallenge 2015 annotates as PETS09-S2L1. A box counts as a person
if their intersection over union exceeds 0.5, each person and each box once.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from textreid.people import Boxes, Clip, load_detector


class OpenCVDefaults:
    """The same HOG detector as OpenCV sets it up."""

    name = "hog, OpenCV's defaults"

    def __init__(self) -> None:
        self._hog = cv2.HOGDescriptor()
        self._hog.setSVMDetector(cv2.HOGDescriptor.getDefaultPeopleDetector())

    def detect(self, images):
        return [self._detect(image) for image in images]

    def _detect(self, image) -> Boxes:
        windows, weights = self._hog.detectMultiScale(image)
        windows = np.reshape(windows, (-1, 4)).astype(np.float32)
        windows[:, 2:] += windows[:, :2]
        return Boxes(windows, np.ravel(weights))


def read_truth(path: Path) -> dict[int, np.ndarray]:
    """Frame from 0 -> [N, 4] boxes."""
    truth = defaultdict(list)
    for line in path.read_text().splitlines():
        frame, _, left, top, width, height = map(float, line.split(",")[:6])
        truth[int(frame) - 1].append((left, top, left + width, top + height))
    return {frame: np.array(boxes) for frame, boxes in truth.items()}


def found(truth: np.ndarray, boxes: np.ndarray) -> int:
    shared = np.minimum(truth[:, None, 2:], boxes[None, :, 2:]) - np.maximum(
        truth[:, None, :2], boxes[None, :, :2]
    )
    shared = shared.clip(min=0).prod(axis=2)
    areas = [(one[:, 2:] - one[:, :2]).prod(axis=1) for one in (truth, boxes)]
    overlap = shared / (areas[0][:, None] + areas[1][None] - shared)
    return int((overlap[linear_sum_assignment(-overlap)] > 0.5).sum())


def measure(detector, video: Path, truth: dict[int, np.ndarray]) -> dict[str, object]:
    hits = boxes = 0
    seconds = 0.0
    with Clip(video) as clip:
        for frame in clip.sample(clip.rate):
            if frame.number in truth:
                began = time.perf_counter()
                got = detector.detect([frame.rgb])[0].xyxy
                seconds += time.perf_counter() - began
                hits, boxes = hits + found(truth[frame.number], got), boxes + len(got)
    people = sum(map(len, truth.values()))
    return {
        "detector": detector.name,
        "frames": len(truth),
        "people": people,
        "recall": round(hits / people, 3),
        "precision": round(hits / max(1, boxes), 3),
        "seconds_per_frame": round(seconds / len(truth), 3),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("video", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--detector", default="hog")
    given = parser.parse_args()
    annotated = read_truth(given.truth)
    detectors = (load_detector(given.detector), OpenCVDefaults())
    print(json.dumps([measure(detector, given.video, annotated) for detector in detectors], indent=2))
