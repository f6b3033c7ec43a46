"""The rule of image queries: an image of the same person by the same camera does not count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from textreid.data.image_labels import image_labels
from textreid.data.tools.doctor.finding import Crops, Finding, Severity, images_of, some
from textreid.data.tools.doctor.people import TRAINING
from textreid.types import JUNK, PersonCrop


def check_cameras(crops: Crops) -> Iterator[Finding]:
    """Images without a camera, numbers taken for cameras, and queries that no second camera answers."""
    for split, own in crops.items():
        if own and not any(crop.captions for crop in own):
            yield from _names(split, own)
    if "query" in crops:
        yield from _lost("query", crops["query"], crops.get("gallery", ()))
    for split in ("val",) if "query" in crops else ("val", "test"):
        own = crops.get(split, ())
        if own and not any(crop.captions for crop in own):
            yield from _lost(split, own, own)


def _names(split: str, own: Sequence[PersonCrop]) -> Iterator[Finding]:
    cameras = Counter(crop.camera_id for crop in own)
    unknown = cameras.pop(None, 0)
    if unknown:
        nameless: Severity = "fatal" if unknown == len(own) and split not in TRAINING else "warning"
        yield Finding(
            nameless,
            f"{unknown} of {len(own)} images of '{split}' name no camera: they count as seen by another.",
            "Start file names with the camera (c1_0001.jpg) or fill the column 'camera'.",
            images_of(crop for crop in own if crop.camera_id is None),
        )
    if len(cameras) > max(20, len(own) / 4):
        yield Finding(
            "warning" if split in TRAINING else "fatal",
            f"'{split}' has {len(cameras)} cameras for {len(own)} images: {some(cameras)}.",
            "These are frame or image numbers: put the camera before the first underscore.",
        )


def _lost(split: str, queries: Sequence[PersonCrop], gallery: Sequence[PersonCrop]) -> Iterator[Finding]:
    """Queries that cannot be answered, as `textreid eval` counts them."""
    asked, searched = (
        [crop for crop in side if crop.person_id not in (None, JUNK)] for side in (queries, gallery)
    )
    labels = image_labels(asked, searched)
    lost = [crop for query, crop in enumerate(asked) if not len(labels.relevance(query)[0])]
    if lost:
        counts = labels.count_answers()
        everybody = not counts.answered
        yield Finding(
            "fatal" if everybody else "warning",
            f"{len(lost)} of {len(asked)} queries of '{split}' have no right answer: {counts.in_words}, such"
            f" as {some(crop.id for crop in lost)}."
            + (" There is nothing to measure." if everybody else " They are left out."),
            "Add images of these people by a second camera, or check how people and cameras are named.",
            images_of(lost),
        )
