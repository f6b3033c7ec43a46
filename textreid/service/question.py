"""What somebody asks: a description, an example photo, people to resemble, and filters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from textreid.errors import InputError
from textreid.io.images import open_image
from textreid.search.filters import where
from textreid.service.limits import MAX_TEXT, require_ids, require_text
from textreid.service.opening import OPENING
from textreid.types import QueryKind
from textreid_index import Hits, Where

if TYPE_CHECKING:
    from PIL.Image import Image

    from textreid.search.person_search import PersonSearch

PAGE_SIZE = 24
"""People shown at once."""
MAX_HITS = 480
"""Most people that one answer holds."""
MAX_PHOTO_SIDE = 2048
"""Pixels of an example photo's longer side; larger ones are scaled down."""


@dataclass(frozen=True)
class Question:
    """One search; every change makes a new one.

    Attributes:
        text: the description, possibly empty.
        photo: an example photo, RGB.
        like: id of the person to find again.
        more: ids that results should resemble.
        less: ids that results should not resemble.
        camera: one camera, or "" for any.
        since: earliest moment as typed, or "".
        until: latest moment as typed, or "".
        k: how many people to show.
        false_alarms: only matches this good (`PersonSearch.search`); None: everybody.
    """

    text: str = ""
    photo: Image | None = None
    like: str | None = None
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    camera: str = ""
    since: str = ""
    until: str = ""
    k: int = PAGE_SIZE
    false_alarms: float | None = None

    @property
    def where(self) -> Where:
        """The filters; raises InputError if a moment cannot be read."""
        for name in ("camera", "since", "until"):
            require_text(name, getattr(self, name))
        return where(
            camera=self.camera or None,
            since=self.since.strip() or None,
            until=self.until.strip() or None,
        )

    @property
    def filtered(self) -> bool:
        """Whether any filter is set."""
        return bool(self.camera or self.since.strip() or self.until.strip())

    @property
    def blank(self) -> bool:
        """Whether there is nothing to rank by."""
        return not (self.text.strip() or self.photo or self.like or self.more)

    @property
    def kind(self) -> QueryKind | None:
        """A description alone, one photo or person alone, or None for several guides together."""
        guides = [self.text.strip(), self.photo, self.like]
        if sum(map(bool, guides)) != 1 or self.more or self.less:
            return None
        return "text" if self.text.strip() else "photo"

    def with_more(self, id: str) -> Question:
        """The same question, with results more like this person; the latest wish about somebody counts."""
        return replace(self, more=(*_without(self.more, id), id), less=_without(self.less, id))

    def with_less(self, id: str) -> Question:
        """The same question, with results less like this person."""
        return replace(self, less=(*_without(self.less, id), id), more=_without(self.more, id))

    def without(self, id: str) -> Question:
        """The same question without this person as a guide, in whichever role."""
        like = None if self.like == id else self.like
        return replace(self, like=like, more=_without(self.more, id), less=_without(self.less, id))

    def ask(self, search: PersonSearch) -> Hits:
        """Search the gallery for it.

        Raises:
            InputError: something is too long, too much or cannot be read, or nothing was asked.
        """
        require_text("Describe the person", self.text, MAX_TEXT)
        require_ids("more_like", (*self.more, self.like or ""))
        require_ids("less_like", self.less)
        if self.k > MAX_HITS:
            raise InputError(f"k: at most {MAX_HITS} people come back at once.")
        if self.false_alarms is not None and not 0 < self.false_alarms < 1:
            raise InputError("false_alarms: expected a rate between 0 and 1, such as 0.05.")
        if self.like and not (self.text.strip() or self.photo or self.more or self.less):
            return search.similar(self.like, k=self.k, where=self.where, false_alarms=self.false_alarms)
        return search.search(
            self.text.strip() or None,
            image=self.photo,
            k=self.k,
            where=self.where,
            more_like=(self.like, *self.more) if self.like else self.more,
            less_like=self.less,
            false_alarms=self.false_alarms,
        )


def open_photo(path: Path) -> Image:
    """An example photo, upright RGB, at most `MAX_PHOTO_SIDE` pixels high and wide.

    Raises:
        InputError: it cannot be used.
    """
    with OPENING:
        try:
            photo = open_image(path)
        except InputError as error:
            raise InputError(f"The example photo cannot be used: {error}") from error
        photo.thumbnail((MAX_PHOTO_SIDE, MAX_PHOTO_SIDE))
    return photo


def _without(ids: tuple[str, ...], id: str) -> tuple[str, ...]:
    return tuple(other for other in ids if other != id)
