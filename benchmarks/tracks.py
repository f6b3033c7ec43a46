"""How well people are followed through an annotated clip: identity, gaps, and whose view each hit shows.

    pip install --no-deps trackeval
    python benchmarks/tracks.py vtest.avi gt.txt --before CHECKOUT > benchmarks/results/tracks.json

(`trackeval` asks for a second OpenCV, which would lie over the headless one; what is used of it needs none.)

`gt.txt` is in the format of MOTChallenge, as for `benchmarks/people.py`; all its frames are looked at, and
tracks are where a straight line from one of their boxes to the next says. Whoever stands outside the
annotated ground of vtest.avi is left out. IDF1 and MOTA are TrackEval's, at an intersection over union
of 0.5. `purity` is the share of the matched boxes of a track that belong to the number that most of them
belong to, mean over boxes. `shown` counts the annotated numbers of whom a hit's best view shows at least
half, and no more than a fifth of anybody else (intersections over union); somebody who leaves and comes back
is a new number. `outside` counts the hits who stand outside the annotated ground: one woman in vtest.avi.

CHECKOUT is a working tree of commit b9f9629, which followed HOG's boxes with ByteTrack.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from people import OVERLAP, on_the_ground
from scipy.optimize import linear_sum_assignment
from torchvision.ops import box_iou

from textreid import Encoder
from textreid.people import Boxes, find_people, list_sources, load_detector

ALONE = 0.2

BEFORE = """
import collections, json, sys
from pathlib import Path
import cv2, torch
from textreid.people import find_people, list_sources, load_detector, tracks

cv2.setNumThreads(1)
torch.set_num_threads(1)
paths, add = collections.defaultdict(list), tracks.Track.add

def noted(track, view):
    paths[track.number].append((view.offset, view.box))
    add(track, view)

tracks.Track.add = noted
(source,) = list_sources([Path(sys.argv[1])])
units = find_people(source, detector=load_detector("hog"))
records = [sighting.record for unit in units for sighting in getattr(unit, "sightings", ())]
print(json.dumps([(paths[record.track], (record.offset, record.box)) for record in records]))
"""


@dataclass(frozen=True)
class Followed:
    """One track.

    Attributes:
        path: [N, 5] float: seconds, left, top, right, bottom, times rising.
        best: the same of its best view, [5].
    """

    path: np.ndarray
    best: np.ndarray

    @classmethod
    def of(cls, path, best) -> Followed:
        return cls(np.array([(time, *box) for time, box in path]), np.array([best[0], *best[1]]))

    def at(self, times: np.ndarray) -> np.ndarray:
        """[N, 4] boxes at [N] moments between its first and its last."""
        return np.stack([np.interp(times, self.path[:, 0], side) for side in self.path[:, 1:].T], axis=1)


@dataclass(frozen=True)
class Shown:
    """Who is in one frame: [N] numbers and [N, 4] boxes."""

    numbers: np.ndarray
    boxes: np.ndarray


def read_truth(path: Path) -> dict[int, Shown]:
    """Frame from 0 -> who is there."""
    rows = np.loadtxt(path, delimiter=",", usecols=range(6))
    frames = rows[:, 0].astype(int) - 1
    rows[:, 4:6] += rows[:, 2:4]
    return {
        frame: Shown(rows[frames == frame, 1].astype(int), rows[frames == frame, 2:])
        for frame in range(frames.max() + 1)
    }


def in_frames(tracks: list[Followed], rate: float, frames: int) -> dict[int, Shown]:
    """Frame from 0 -> who of the tracks is there, on the annotated ground."""
    numbers, places, boxes = [], [], []
    for number, track in enumerate(tracks):
        first, last = np.rint(track.path[[0, -1], 0] * rate).astype(int)
        shown = np.arange(first, last + 1)
        places.append(shown)
        numbers.append(np.full(len(shown), number))
        boxes.append(track.at(shown / rate))
    everyone = Boxes(np.concatenate(boxes), np.concatenate([*numbers]).astype(float))
    inside = on_the_ground(Boxes(everyone.xyxy, np.arange(len(everyone)))).scores
    frame, number, box = np.concatenate(places)[inside], everyone.scores[inside], everyone.xyxy[inside]
    return {n: Shown(number[frame == n].astype(int), box[frame == n]) for n in range(frames)}


def overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """[N, M] intersections over union of [N, 4] and [M, 4] boxes."""
    boxes = [torch.from_numpy(np.reshape(each, (-1, 4)).astype(np.float64)) for each in (one, other)]
    return box_iou(*boxes).numpy()


def scores(truth: dict[int, Shown], found: dict[int, Shown]) -> dict[str, float]:
    """TrackEval's."""
    with redirect_stdout(sys.stderr):  # it prints what it misses
        from trackeval.metrics import CLEAR, Identity

    def numbered(shown: dict[int, Shown]) -> tuple[int, list[np.ndarray]]:
        names = np.unique(np.concatenate([each.numbers for each in shown.values()]))
        return len(names), [np.searchsorted(names, each.numbers) for each in shown.values()]

    (people, true), (tracks, own) = numbered(truth), numbered(found)
    data = {
        "num_timesteps": len(truth),
        "num_gt_ids": people,
        "num_tracker_ids": tracks,
        "num_gt_dets": sum(map(len, true)),
        "num_tracker_dets": sum(map(len, own)),
        "gt_ids": true,
        "tracker_ids": own,
        "similarity_scores": [overlaps(truth[frame].boxes, found[frame].boxes) for frame in truth],
    }
    quiet = {"PRINT_CONFIG": False, "THRESHOLD": OVERLAP}
    clear, identity = CLEAR(quiet).eval_sequence(data), Identity(quiet).eval_sequence(data)
    return {
        "idf1": round(float(identity["IDF1"]), 3),
        "mota": round(float(clear["MOTA"]), 3),
        "switches": int(clear["IDSW"]),
        "recall": round(float(clear["CLR_Re"]), 3),
        "precision": round(float(clear["CLR_Pr"]), 3),
    }


def purity(truth: dict[int, Shown], found: dict[int, Shown]) -> float:
    """The share of matched boxes that belong to whom most of their track belongs to."""
    owners = dict[int, Counter]()
    for frame, there in truth.items():
        shared = overlaps(there.boxes, found[frame].boxes)
        for i, j in zip(*linear_sum_assignment(-shared * (shared >= OVERLAP)), strict=True):
            if shared[i, j] >= OVERLAP:
                owners.setdefault(found[frame].numbers[j], Counter())[there.numbers[i]] += 1
    return sum(max(owner.values()) for owner in owners.values()) / sum(map(Counter.total, owners.values()))


def shown(truth: dict[int, Shown], tracks: list[Followed], rate: float) -> set[int]:
    """The annotated numbers of whom a best view shows them and nobody else."""
    numbers = set()
    for track in tracks:
        there = truth[round(track.best[0] * rate)]
        shared = overlaps(track.best[1:], there.boxes)[0]
        if len(shared) and shared.max() >= OVERLAP and np.sort(shared)[:-1].max(initial=0) <= ALONE:
            numbers.add(int(there.numbers[shared.argmax()]))
    return numbers


def measure(name: str, tracks: list[Followed], truth: dict[int, Shown], rate: float) -> dict[str, object]:
    found = in_frames(tracks, rate, len(truth))
    best = np.array([track.best[1:] for track in tracks])
    return {
        "tracks": name,
        "hits": len(tracks),
        **scores(truth, found),
        "purity": round(purity(truth, found), 3),
        "shown": len(shown(truth, tracks, rate)),
        "outside": len(tracks) - len(on_the_ground(Boxes(best, np.zeros(len(best))))),
    }


def follow(video: Path, embed) -> list[Followed]:
    """As `textreid index` does, by boxes and looks; without `embed` by boxes alone."""
    (source,) = list_sources([video])
    units = find_people(source, detector=load_detector("nanodet"), embed=embed)
    people = [person for unit in units for person in getattr(unit, "sightings", ())]
    return [Followed.of(person.path, (person.record.offset, person.record.box)) for person in people]


def follow_before(video: Path, checkout: Path) -> list[Followed]:
    """As an earlier commit did."""
    paths = os.pathsep.join(str(checkout.resolve() / folder) for folder in (".", "index"))
    done = subprocess.run(
        [sys.executable, "-c", BEFORE, video.resolve()],
        env=os.environ | {"PYTHONPATH": paths},
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    )
    return [Followed.of(*track) for track in json.loads(done.stdout)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("video", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--before", type=Path, help="a working tree of commit b9f9629")
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    annotated = read_truth(given.truth)
    encode = Encoder.load().encode_images
    rows = {
        "NanoDet, boxes and looks": follow(given.video, encode),
        "NanoDet, boxes alone": follow(given.video, None),
    }
    if given.before:
        rows["HOG and ByteTrack (b9f9629)"] = follow_before(given.video, given.before)
    print(json.dumps([measure(name, tracks, annotated, 10.0) for name, tracks in rows.items()], indent=2))
