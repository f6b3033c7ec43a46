"""The part of a data set that a published protocol measures: who is searched for, and among whom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textreid.data import datasets
from textreid.errors import UnknownNameError
from textreid.metrics.protocols import DISTRACTOR, JUNK
from textreid.types import PersonCrop

OFFICIAL_COUNTS: dict[tuple[str, str], dict[str, int]] = {
    ("cuhk-pedes", "train"): {"images": 34_054, "captions": 68_126, "persons": 11_003},
    ("cuhk-pedes", "val"): {"images": 3_078, "captions": 6_158, "persons": 1_000},
    ("cuhk-pedes", "test"): {"images": 3_074, "captions": 6_156, "persons": 1_000},
    ("market1501", "test"): {"queries": 3_368, "gallery": 15_913, "persons": 750},
}


@dataclass(frozen=True)
class Benchmark:
    """One split, ready to be measured.

    Attributes:
        dataset: such as "cuhk-pedes".
        split: such as "test".
        gallery: images searched, junk left out.
        queries: images that search; none where the gallery's captions do.
        junk: images left out.
    """

    dataset: str
    split: str
    gallery: tuple[PersonCrop, ...]
    queries: tuple[PersonCrop, ...] = ()
    junk: int = 0

    @classmethod
    def read(cls, dataset: str, root: str | Path, split: str = "test") -> Benchmark:
        """Read the annotations of one split; no image is opened.

        A data set with the splits "query" and "gallery" (Market-1501) is searched by image, and its one split
        here is "test". Any other (CUHK-PEDES) is searched by caption.

        Args:
            dataset: a name of `textreid.data.datasets.names()`.
            root: the folder that holds the data set's own folder, or that folder itself.
            split: "train", "val" or "test".

        Raises:
            UnknownNameError: no such data set or split.
            InputError: the folder is not in the official layout.
            AnnotationError: a malformed row, named by file, row and key.
        """
        if "query" not in datasets.splits(dataset):
            return cls(dataset, split, gallery=tuple(datasets.load(dataset, root, split)))
        if split != "test":
            raise UnknownNameError(f"split to evaluate of {dataset}", split, ["test"])
        queries, images = (datasets.load(dataset, root, part) for part in ("query", "gallery"))
        gallery = tuple(crop for crop in images if crop.person_id != JUNK)
        return cls(dataset, split, gallery, tuple(queries), junk=len(images) - len(gallery))

    @property
    def counts(self) -> dict[str, int]:
        """What there is: images, captions, persons, ..."""
        if not self.queries:
            captions = sum(len(crop.captions) for crop in self.gallery)
            return {"images": len(self.gallery), "captions": captions, "persons": _persons(self.gallery)}
        return {
            "queries": len(self.queries),
            "gallery": len(self.gallery),
            "persons": _persons(self.queries),
            "distractors": sum(crop.person_id == DISTRACTOR for crop in self.gallery),
            "junk": self.junk,
        }

    @property
    def differences(self) -> list[str] | None:
        """How the counts differ from the published split's, in words; None where those are not known."""
        published = OFFICIAL_COUNTS.get((self.dataset, self.split))
        if published is None:
            return None
        counts = self.counts
        return [
            f"{counts[name]:,} {name} instead of {expected:,}"
            for name, expected in published.items()
            if counts[name] != expected
        ]


def _persons(crops: tuple[PersonCrop, ...]) -> int:
    return len({crop.person_id for crop in crops})
