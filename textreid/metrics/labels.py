"""Who is a right answer to whom, and who is ignored: persons and cameras, before any vector.

A pair of images counts only if two cameras took them: an image of the query's person by the query's own
camera is ignored. Where one of the two cameras is not known, the pair counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from textreid.types import DISTRACTOR, UNKNOWN_CAMERA

NO_PLACES = np.zeros(0, dtype=np.int64)


def require_array(name: str, values: object) -> None:
    """Refuse lists, tensors and the like, which have another arithmetic.

    Raises:
        ValueError: it is no numpy array.
    """
    if not isinstance(values, np.ndarray):
        raise ValueError(f"{name}: expected a numpy array, not {type(values).__name__}: use numpy.asarray.")


@dataclass(frozen=True)
class AnswerCounts:
    """How many queries can be answered, and why the others cannot.

    Attributes:
        queries: all of them.
        distractors: queries of people whom no query asks for (identity 0 of a gallery with its own queries).
        missing: queries whose person has no other image in the gallery.
        one_camera: queries whose person was seen by the query's own camera alone.
    """

    queries: int
    distractors: int
    missing: int
    one_camera: int

    @property
    def answered(self) -> int:
        """Queries with a right answer: the denominator of every metric."""
        return self.queries - self.distractors - self.missing - self.one_camera

    @property
    def in_words(self) -> str:
        """Why some are lost, such as "3 queries of people seen by one camera alone"; "" where none is."""
        lost = {
            "of people with no other image in the gallery": self.missing,
            "of people seen by no second camera": self.one_camera,
            "of person 0, whom no query asks for": self.distractors,
        }
        return ", ".join(f"{count:,} {why}" for why, count in lost.items() if count)


@dataclass(frozen=True)
class Labels:
    """Persons and cameras of queries and gallery.

    Attributes:
        query_ids: [Q] int, the person each query asks for.
        gallery_ids: [G] int.
        query_cameras: [Q] int, `UNKNOWN_CAMERA` where it is not known; None: no camera rule.
        gallery_cameras: [G] int, as above.
        own: [Q] int, place of each query itself in the gallery, where it is left out; None: it is not there.
        distractors: whether identity 0 marks people whom no query asks for, as in Market-1501's gallery.

    Raises:
        ValueError: persons or cameras are not whole numbers, do not fit together, or are on one side only.
    """

    query_ids: np.ndarray
    gallery_ids: np.ndarray
    query_cameras: np.ndarray | None = None
    gallery_cameras: np.ndarray | None = None
    own: np.ndarray | None = None
    distractors: bool = False

    def __post_init__(self) -> None:
        for name, numbers, persons in (
            ("persons of the queries", self.query_ids, self.query_ids),
            ("persons of the gallery", self.gallery_ids, self.gallery_ids),
            ("cameras of the queries", self.query_cameras, self.query_ids),
            ("cameras of the gallery", self.gallery_cameras, self.gallery_ids),
            ("places of the queries", self.own, self.query_ids),
        ):
            if numbers is None:
                continue
            require_array(name, numbers)
            if numbers.dtype.kind not in "iu" or numbers.shape != (len(persons),):
                raise ValueError(
                    f"{name}: expected {len(persons):,} whole numbers, not {numbers.dtype} {numbers.shape}."
                )
        if (self.query_cameras is None) != (self.gallery_cameras is None):
            raise ValueError("Cameras are given on one side only: give queries and gallery some, or neither.")

    @cached_property
    def _places(self) -> dict[int, np.ndarray]:
        """Person -> the person's places in the gallery, ascending."""
        order = np.argsort(self.gallery_ids, kind="stable")
        persons, first = np.unique(self.gallery_ids[order], return_index=True)
        return dict(zip(persons.tolist(), np.split(order, first[1:]), strict=True))

    def relevance(self, query: int) -> tuple[np.ndarray, np.ndarray]:
        """Places in the gallery of a query's right answers, and of what is ignored for it."""
        person = int(self.query_ids[query])
        if self.distractors and person == DISTRACTOR:
            return NO_PLACES, NO_PLACES
        same = self._places.get(person, NO_PLACES)
        ignored = np.zeros(len(same), dtype=bool)
        if self.query_cameras is not None and self.gallery_cameras is not None:
            camera = self.query_cameras[query]
            ignored |= (self.gallery_cameras[same] == camera) & (camera != UNKNOWN_CAMERA)
        if self.own is not None:
            ignored |= same == self.own[query]
        return same[~ignored], same[ignored]

    def count_answers(self) -> AnswerCounts:
        """How many queries can be answered."""
        distractors = missing = one_camera = 0
        for query, person in enumerate(self.query_ids.tolist()):
            positive, ignored = self.relevance(query)
            others = ignored if self.own is None else ignored[ignored != self.own[query]]
            if self.distractors and person == DISTRACTOR:
                distractors += 1
            elif not len(positive):
                one_camera += len(others) > 0
                missing += not len(others)
        return AnswerCounts(len(self.query_ids), distractors, missing, one_camera)
