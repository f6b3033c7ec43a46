"""What every data set says and offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from textreid.types import PersonCrop

Counts = Mapping[str, Mapping[str, int]]
"""Split -> what there is of it: "images", "captions", "persons", or of "test" "queries" and "gallery"."""


class DataSet(ABC):
    """One data set in its official folder layout, or one of the protocols of its papers.

    `root` is always the folder that holds the data set's own folder, or that folder itself.

    Attributes:
        splits: their names; "train_2" is the split "train" of a second trial.
        unions: the splits that are others taken together.
        counts: the published numbers of a split.
        single_shot: whether the protocol draws one gallery image of each person, again and again.
        closed: whether the same classes are trained on and tested with, as of birds; people are others.
    """

    splits: ClassVar[tuple[str, ...]]
    unions: ClassVar[tuple[str, ...]] = ()
    counts: ClassVar[Counts] = {}
    single_shot: ClassVar[bool] = False
    closed: ClassVar[bool] = False

    @abstractmethod
    def load(self, root: str | Path, split: str) -> list[PersonCrop]:
        """The crops of one split, in the data set's own order.

        Raises:
            InputError: the folder is not in the official layout.
            AnnotationError: a malformed row or file name, named by file, row and key.
        """

    def splits_at(self, root: str | Path) -> tuple[str, ...]:  # noqa: ARG002
        """The splits that there are images of; all of them where every copy of the data has all.

        Raises:
            InputError: `root` cannot be read.
        """
        return self.splits

    def remarks(self, root: str | Path) -> list[str]:  # noqa: ARG002
        """What reading the folder passed over or took for one, a sentence each; nothing by default."""
        return []

    def companions(self, root: str | Path) -> list[PersonCrop]:  # noqa: ARG002
        """The images that may join a query of the same person and camera (multi-query); none by default.

        Raises:
            AnnotationError: an image whose name does not follow the data set's pattern.
        """
        return []
