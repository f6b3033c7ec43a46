"""How many people a detector finds in annotated frames of a clip, how many boxes are people, and its time.

    python benchmarks/people.py vtest.avi gt.txt > benchmarks/results/people.json

`gt.txt` is in the format of MOTChallenge: frame from 1, identity, left, top, width, height, ... Debian's
package opencv-doc has vtest.avi, which MOTChallenge 2015 annotates as PETS09-S2L1. Every fifth frame is
looked at, but no twentieth: from those, settings were chosen. A box counts as a person if their intersection
over union exceeds 0.5, each person and each box once. Whoever stands on the path at the upper left, outside
the annotated ground, is left out. `ap` is the area under precision over recall. `cpu_ms` is the processor's
time for a frame, one thread, all detectors in one run.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import torch
from torchvision.ops import box_iou

from textreid.people import Boxes, Clip, load_detector

OVERLAP = 0.5


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
        order = np.argsort(-np.ravel(weights))
        return Boxes(windows[order], np.ravel(weights)[order])


def read_truth(path: Path) -> dict[int, np.ndarray]:
    """Frame from 0 -> [N, 4] boxes."""
    truth = defaultdict(list)
    for line in path.read_text().splitlines():
        frame, _, left, top, width, height = map(float, line.split(",")[:6])
        truth[int(frame) - 1].append((left, top, left + width, top + height))
    return {frame: np.array(boxes, np.float32) for frame, boxes in truth.items()}


def on_the_ground(boxes: Boxes) -> Boxes:
    """Without those whose feet are outside the annotated ground of vtest.avi."""
    left, _, right, bottom = boxes.xyxy.T
    inside = ~((bottom < 150) & (left + right < 2 * 320))
    return Boxes(boxes.xyxy[inside], boxes.scores[inside])


def hits(truth: np.ndarray, boxes: Boxes) -> list[bool]:
    """Of each box, best first, whether it is a person whom no better box had."""
    free = np.ones(len(truth), bool)
    found = []
    for overlaps in box_iou(torch.from_numpy(boxes.xyxy), torch.from_numpy(truth)).numpy():
        best = int(np.argmax(overlaps * free)) if len(truth) else 0
        found.append(bool(len(truth)) and bool(free[best] and overlaps[best] > OVERLAP))
        if found[-1]:
            free[best] = False
    return found


def measure(detector, frames: dict[int, np.ndarray], truth: dict[int, np.ndarray]) -> dict[str, object]:
    scored: list[tuple[float, bool]] = []
    people, seconds = 0, 0.0
    for number, image in frames.items():
        began = time.process_time()
        boxes = detector.detect([image])[0]
        seconds += time.process_time() - began
        boxes = on_the_ground(boxes)
        there = truth.get(number, np.empty((0, 4), np.float32))
        people += len(there)
        scored += zip(boxes.scores.tolist(), hits(there, boxes), strict=True)
    right = np.cumsum([hit for _, hit in sorted(scored, reverse=True)])
    recall, precision = right / people, right / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return {
        "detector": detector.name,
        "frames": len(frames),
        "people": people,
        "recall": round(float(recall[-1]), 3),
        "precision": round(float(precision[-1]), 3),
        "ap": round(float((np.diff(recall, prepend=0) * envelope).sum()), 3),
        "cpu_ms": round(1000 * seconds / len(frames), 1),
    }


def read_frames(video: Path) -> dict[int, np.ndarray]:
    """Frame from 0 -> [H, W, 3] uint8 RGB."""
    with Clip(video) as clip:
        frames = {frame.number: frame.rgb for frame in clip.sample(clip.rate)}
    return {number: image for number, image in frames.items() if number % 5 == 0 and number % 20}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("video", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--detector", action="append", help="may be repeated; nanodet and hog if left out")
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    annotated, images = read_truth(given.truth), read_frames(given.video)
    detectors = [load_detector(name) for name in given.detector or ("nanodet", "hog")]
    rows = [measure(detector, images, annotated) for detector in (*detectors, OpenCVDefaults())]
    print(json.dumps(rows, indent=2))
