"""The part of a data set that a published protocol measures: who is searched for, and among whom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from textreid.data import datasets
from textreid.errors import InputError, UnknownNameError
from textreid.types import DISTRACTOR, JUNK, PersonCrop


@dataclass(frozen=True)
class Benchmark:
    """One split, ready to be measured.

    Attributes:
        dataset: such as "cuhk-pedes".
        split: such as "test".
        gallery: images searched, junk left out.
        queries: images that search, or the gallery itself; none where the gallery's captions do.
        junk: images left out.
        single_shot: one gallery image of each person is drawn, again and again.
        companions: more images of the queries' persons in their cameras, for multi-query, without the queries
            themselves; none: the gallery's are used.
        distractors: the split whose images joined the gallery, which no query asks for; "" for none.
        root: where it lies.
        remarks: what reading it passed over or took for one, a sentence each.
    """

    dataset: str
    split: str
    gallery: tuple[PersonCrop, ...]
    queries: tuple[PersonCrop, ...] = ()
    junk: int = 0
    single_shot: bool = False
    companions: tuple[PersonCrop, ...] = ()
    distractors: str = ""
    root: Path | None = field(default=None, compare=False)
    remarks: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def read(
        cls, dataset: str, root: str | Path, split: str = "test", image_folder: str | Path = ""
    ) -> Benchmark:
        """Read the annotations of one split; no image is opened.

        A data set with the splits "query" and "gallery" (Market-1501) is searched by image, and that part of
        it is "test" here, beside a "val" where there is one; where it is split again and again (VIPeR), the
        others are "test_2", "test_3", ... Any other (CUHK-PEDES) is searched by caption; where nobody is
        described, every image searches the others.

        Args:
            dataset: a name of `textreid.data.datasets.names()`.
            root: the folder that holds the data set's own folder, or that folder itself.
            split: "train", "val", "test" or, of repeated splits, such as "test_2".
            image_folder: what the paths in a table of one's own lie below, if not below its own folder.

        Raises:
            UnknownNameError: no such data set or split.
            InputError: the folder is not in the official layout.
            AnnotationError: a malformed row, named by file, row and key.
        """
        parts = datasets.splits(dataset, root)
        place: dict[str, Any] = {"root": Path(root), "remarks": tuple(datasets.remarks(dataset, root))}
        if "query" not in parts or (split == "val" and "val" in parts):
            images = datasets.load(dataset, root, split, image_folder)
            crops = tuple(crop for crop in images if crop.person_id not in (None, JUNK))
            described = any(crop.captions for crop in crops)
            asking = () if described else crops
            return cls(dataset, split, crops, asking, junk=len(images) - len(crops), **place)
        tests = ["val"] if "val" in parts else []
        tests += [part.replace("query", "test") for part in parts if part.startswith("query")]
        if split not in tests:
            raise UnknownNameError(f"split to evaluate of {dataset}", split, tests)
        queries, images = (
            datasets.load(dataset, root, split.replace("test", part), image_folder)
            for part in ("query", "gallery")
        )
        gallery = tuple(crop for crop in images if crop.person_id not in (None, JUNK))
        views = {(crop.person_id, crop.camera_id) for crop in queries}
        names = {crop.image.name for crop in queries}
        return cls(
            dataset,
            split,
            gallery,
            tuple(queries),
            junk=len(images) - len(gallery),
            single_shot=datasets.single_shot(dataset),
            companions=tuple(
                crop
                for crop in datasets.companions(dataset, root)
                if (crop.person_id, crop.camera_id) in views and crop.image.name not in names
            ),
            **place,
        )

    def with_distractors(self, split: str, image_folder: str | Path = "") -> Benchmark:
        """The same queries in a larger gallery: the images of another split join it as people 0.

        Args:
            split: of the same data set, such as "train"; its junk stays out.
            image_folder: as `read` took it.

        Raises:
            UnknownNameError: no such split.
            InputError: the data set is not searched by query images, or somebody of the split is asked for.
        """
        if self.leave_one_out or self.single_shot or self.root is None:
            raise InputError(
                f"Distractors join a gallery that query images search, as market1501's; {self.dataset}"
                f" {self.split} has none: leave --distractors out."
            )
        images = datasets.load(self.dataset, self.root, split, image_folder)
        crops = [crop for crop in images if crop.person_id not in (None, JUNK)]
        asked = {crop.person_id for crop in (*self.queries, *self.gallery)} - {DISTRACTOR}
        known = [crop for crop in crops if crop.person_id in asked]
        if known:
            raise InputError(
                f"{_persons(known):,} persons of the split '{split}' are in the gallery of {self.dataset}"
                f" {self.split} too, such as {known[0].person_id}: distractors must be others. Try"
                " --distractors train."
            )
        others = (replace(crop, person_id=DISTRACTOR) for crop in crops)
        return replace(self, gallery=(*self.gallery, *others), distractors=split)

    @property
    def leave_one_out(self) -> bool:
        """Whether an image that searches images searches all others of the gallery."""
        return not self.queries or self.queries == self.gallery

    @property
    def counts(self) -> dict[str, int]:
        """What there is: images, captions, persons, ..."""
        if not self.queries:
            captions = sum(len(crop.captions) for crop in self.gallery)
            return {"images": len(self.gallery), "captions": captions, "persons": _persons(self.gallery)}
        counts = {
            "queries": len(self.queries),
            "gallery": len(self.gallery),
            "persons": _persons(self.queries),
        }
        if self.single_shot:
            return counts
        if not self.leave_one_out:
            counts["distractors"] = sum(crop.person_id == DISTRACTOR for crop in self.gallery)
        more = {"companions": len(self.companions)} if self.companions else {}
        return {**counts, "junk": self.junk, **more}

    @property
    def differences(self) -> list[str] | None:
        """How the counts differ from the published split's, in words; None where those are not known."""
        if self.dataset not in datasets.names():
            return None
        published = datasets.published_counts(self.dataset).get(re.sub(r"_\d+$", "", self.split))
        if published is None:
            return None
        counts = self.counts
        return [
            f"{counts[name]:,} {name} instead of {expected:,}"
            for name, expected in published.items()
            if counts[name] != expected
        ]


def _persons(crops: Sequence[PersonCrop]) -> int:
    return len({crop.person_id for crop in crops})
