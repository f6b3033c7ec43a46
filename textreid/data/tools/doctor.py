"""Why a model would find nobody: what is wrong with a data set, before hours are spent on it."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from textreid.data import datasets
from textreid.errors import ImageError
from textreid.io.images import open_image
from textreid.types import DISTRACTOR, JUNK, PersonCrop

TRAINING = ("train",)
MIN_WORDS = 3
MIN_HEIGHT = 32
MAX_EXAMPLES = 5

Crops = Mapping[str, Sequence[PersonCrop]]
"""Split -> its crops."""

Severity = Literal["fatal", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing that the doctor noticed.

    Attributes:
        severity: "fatal" makes the numbers meaningless, "warning" makes them worse than they need be.
        what: what is wrong, with examples.
        remedy: what to do about it.
    """

    severity: Severity
    what: str
    remedy: str


def examine(
    crops: Crops, dataset: str = "folder", *, progress: Callable[[int, int], None] = lambda *_: None
) -> list[Finding]:
    """Look at a data set as its protocol would, and at every image.

    Args:
        crops: split -> its crops, as `textreid.data.tools.parquet.read_splits` gives them.
        dataset: its name, to compare with the published counts where there are any.
        progress: told how many images have been opened, of how many.

    Returns:
        What was found, the fatal first; nothing for a data set without a fault.
    """
    found = [
        *_published(crops, dataset),
        *_people(crops),
        *_cameras(crops),
        *_captions(crops),
        *_images(crops, progress),
    ]
    return sorted(found, key=lambda finding: finding.severity != "fatal")


def counts(crops: Crops) -> dict[str, dict[str, int]]:
    """Split -> how many "images", "people", "junk", "distractors", "cameras" and "captions" there are.

    Images of somebody unknown count as junk; neither junk nor distractors count as people.
    """
    return {
        split: {
            "images": len(own),
            "people": len(_known(split, own)),
            "junk": sum(crop.person_id in (None, JUNK) for crop in own),
            "distractors": sum(_is_distractor(split, crop) for crop in own),
            "cameras": len({crop.camera_id for crop in own} - {None}),
            "captions": sum(len(crop.captions) for crop in own),
        }
        for split, own in crops.items()
    }


def _known(split: str, own: Iterable[PersonCrop]) -> set[int]:
    """The people of a split, without junk and distractors."""
    return {
        crop.person_id
        for crop in own
        if crop.person_id not in (None, JUNK) and not _is_distractor(split, crop)
    }


def _is_distractor(split: str, crop: PersonCrop) -> bool:
    """Whether an image is of the people nobody asks for; elsewhere 0 is a person like others."""
    return split == "gallery" and crop.person_id == DISTRACTOR


def _published(crops: Crops, dataset: str) -> Iterator[Finding]:
    found = {
        split: {"images": own["images"], "captions": own["captions"], "persons": own["people"]}
        for split, own in counts(crops).items()
    }
    if "query" in crops and "gallery" in crops:
        found["test"] = {
            "queries": len(crops["query"]),
            "gallery": sum(crop.person_id != JUNK for crop in crops["gallery"]),
            "persons": len(_known("query", crops["query"])),
        }
    for split, published in datasets.published_counts(dataset).items():
        if split not in ("test", *datasets.disjoint_splits(dataset)):
            continue
        own = found.get(split, {})
        differences = [
            f"{own.get(name, 0):,} {name} instead of {number:,}"
            for name, number in published.items()
            if own.get(name, 0) != number
        ]
        if differences:
            yield Finding(
                "warning",
                f"'{split}' has {', '.join(differences)}.",
                "Unpack the data set again; numbers on a part of it cannot be compared with papers.",
            )


def _people(crops: Crops) -> Iterator[Finding]:
    persons = {split: _known(split, own) for split, own in crops.items()}
    learned = set().union(*(persons[split] for split in persons if split in TRAINING))
    for split, known in persons.items():
        both = learned & known
        if split not in TRAINING and both:
            yield Finding(
                "warning" if split == "val" else "fatal",
                f"{len(both)} people are in 'train' and in '{split}': {_some(both)}.",
                "Move each person into one split: a model is measured on strangers.",
            )
        images = Counter(crop.person_id for crop in crops[split])
        alone = [person for person in sorted(known) if images[person] == 1]
        if split in TRAINING and len(alone) > len(known) / 2:
            yield Finding(
                "warning",
                f"{len(alone)} of {len(known)} people of '{split}' have one image: {_some(alone)}.",
                "Add images of the same people: there is nothing to pull together in one.",
            )
        if split in TRAINING and len(known) < 2:
            yield Finding(
                "fatal",
                f"'{split}' has {len(known)} person.",
                "Name at least two people; check that the folder or the column 'person' says who is who.",
            )
    if DISTRACTOR in persons.get("query", ()):
        yield Finding(
            "warning",
            "Person 0 is in 'query', and is never searched for: in 'gallery' 0 marks people nobody asks for.",
            "Number people from 1.",
        )
    if persons.get("query") and not persons["query"] & persons.get("gallery", set()):
        yield Finding(
            "fatal",
            f"Nobody of 'query' is in 'gallery': {_some(persons['query'])} against"
            f" {_some(persons.get('gallery', set()))}.",
            "Give the same person the same name in both splits.",
        )


def _cameras(crops: Crops) -> Iterator[Finding]:
    """The rule of image queries: an image of the same person by the same camera does not count."""
    for split, own in crops.items():
        if not own or any(crop.captions for crop in own):
            continue
        severity: Severity = "warning" if split in TRAINING else "fatal"
        cameras = Counter(crop.camera_id for crop in own)
        unknown = cameras.pop(None, 0)
        if unknown:
            yield Finding(
                severity,
                f"{unknown} of {len(own)} images of '{split}' name no camera.",
                "Start file names with the camera (c1_0001.jpg) or fill the column 'camera'.",
            )
        if len(cameras) > max(20, len(own) / 4):
            yield Finding(
                severity,
                f"'{split}' has {len(cameras)} cameras for {len(own)} images: {_some(cameras)}.",
                "These are frame or image numbers: put the camera before the first underscore.",
            )
    if "query" in crops:
        yield from _no_second_view("query", crops["query"], crops.get("gallery", ()))
        return
    for split in ("val", "test"):
        own = crops.get(split, ())
        if own and not any(crop.captions for crop in own):
            yield from _no_second_view(split, own, own)


def _no_second_view(
    split: str, queries: Sequence[PersonCrop], gallery: Sequence[PersonCrop]
) -> Iterator[Finding]:
    seen_by = defaultdict(set)
    for crop in gallery:
        seen_by[crop.person_id].add(crop.camera_id)
    lost = [crop for crop in queries if not seen_by[crop.person_id] - {crop.camera_id}]
    if lost:
        everybody = len(lost) == len(queries)
        yield Finding(
            "fatal" if everybody else "warning",
            f"{len(lost)} of {len(queries)} images of '{split}' have no image of the same person by"
            f" another camera: {_some(crop.id for crop in lost)}."
            + (" R@1 would be 0: no query has a right answer." if everybody else " They are left out."),
            "Add images of these people by a second camera, or check how cameras are named.",
        )


def _captions(crops: Crops) -> Iterator[Finding]:
    for split, own in crops.items():
        said = [(caption, crop) for crop in own for caption in crop.captions]
        short = [caption for caption, _ in said if len(caption.split()) < MIN_WORDS]
        if short:
            yield Finding(
                "warning",
                f"{len(short)} captions of '{split}' have fewer than {MIN_WORDS} words: {_some(short)}.",
                "Say what the person wears and carries.",
            )
        of = defaultdict(set)
        for caption, crop in said:
            of[caption.strip().lower()].add(crop.person_id)
        shared = [caption for caption, people in of.items() if len(people) > 1]
        if len(shared) > len(of) / 10:
            yield Finding(
                "warning",
                f"{len(shared)} of {len(of)} captions of '{split}' describe several people: {_some(shared)}.",
                "Describe what tells people apart; no model can do better than the words.",
            )


@dataclass(frozen=True)
class _Look:
    """What is seen of an image: a digest of its file and its size in pixels, or why there is nothing."""

    digest: bytes = b""
    width: int = 0
    height: int = 0
    problem: str = ""


def _look(crop: PersonCrop) -> _Look:
    try:
        content = crop.image.read_bytes()
        width, height = open_image(content).size
    except (OSError, ImageError) as error:
        return _Look(problem=str(error))
    return _Look(hashlib.blake2b(content, digest_size=16).digest(), width, height)


def _look_at_all(crops: Sequence[PersonCrop], progress: Callable[[int, int], None]) -> list[_Look]:
    looks = []
    pool = ThreadPoolExecutor()
    try:
        with warnings.catch_warnings():  # decoders set filters in every thread, and put back each other's
            for look in pool.map(_look, crops):
                looks.append(look)
                progress(len(looks), len(crops))
    finally:
        pool.shutdown(cancel_futures=True)
    return looks


def _images(crops: Crops, progress: Callable[[int, int], None]) -> Iterator[Finding]:
    everything = [crop for own in crops.values() for crop in own]
    unreadable, flat, tiny = [], [], []
    same = defaultdict(list)
    for crop, look in zip(everything, _look_at_all(everything, progress), strict=True):
        if look.problem:
            unreadable.append(f"{crop.image} ({look.problem})")
            continue
        if crop.person_id not in (None, JUNK):
            same[look.digest].append(crop)
        if look.width > look.height:
            flat.append(crop.id)
        if look.height < MIN_HEIGHT:
            tiny.append(crop.id)
    total = len(everything)
    if unreadable:
        yield Finding(
            "fatal",
            f"{len(unreadable)} of {total} images cannot be read: {_some(unreadable)}.",
            "Copy them again, or take them out.",
        )
    clashes = [own for own in same.values() if len({crop.person_id for crop in own}) > 1]
    if clashes:
        pairs = (" = ".join(f"{crop.id} (person {crop.person_id})" for crop in own[:2]) for own in clashes)
        yield Finding(
            "fatal" if len(clashes) > total / 100 else "warning",
            f"{len(clashes)} images belong to two people at once: {_some(pairs)}.",
            "Decide who it is: one of the two labels is wrong.",
        )
    if len(flat) > total / 10:
        yield Finding(
            "warning",
            f"{len(flat)} of {total} images are wider than high: {_some(flat)}.",
            "Crop each person first: textreid index finds people in full images, training takes crops.",
        )
    if tiny:
        yield Finding(
            "warning",
            f"{len(tiny)} of {total} images are less than {MIN_HEIGHT} pixels high: {_some(tiny)}.",
            "Leave them out: nothing can be seen on them.",
        )


def _some(items: Iterable[object]) -> str:
    names = [str(item) for item in items]
    return ", ".join(names[:MAX_EXAMPLES]) + (", ..." if len(names) > MAX_EXAMPLES else "")
