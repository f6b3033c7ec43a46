"""What a page and an HTTP service can do with a gallery, in plain Python: where all go through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from PIL import Image

from textreid.errors import InputError
from textreid.ingest.indexing import AddReport, IndexProgress
from textreid.search.contact_sheet import contact_sheet
from textreid.search.likelihood import knows_a_word
from textreid.service import uploads
from textreid.service.opening import OPENING
from textreid.service.question import Question
from textreid_index import Hits, Record, UnknownPersonError, Where

if TYPE_CHECKING:
    from textreid.people.detectors.boxes import Detector
    from textreid.search.person_search import PersonSearch

NEIGHBOUR_COUNT = 8
"""How many people are shown who were seen just before and after somebody."""
FRAME_SIDE = 1600
"""Pixels of a full image's longer side; larger ones are scaled down."""


class Desk:
    """A gallery with somebody at the counter: asks, shows, takes in and deletes."""

    def __init__(self, search: PersonSearch, *, detector: str | Detector = "auto") -> None:
        self.search = search
        self.gallery = search.gallery
        self.detector = detector
        self._adding = Lock()
        uploads.tidy(self.gallery)

    def ask(self, question: Question) -> Hits:
        """Search; raises what `Question.ask` raises."""
        return question.ask(self.search)

    def is_calibrated(self, question: Question) -> bool:
        """Whether it is known what the scores of such a question mean."""
        if question.kind is None or not self.search.calibrated(question.kind):
            return False
        text = question.text.strip()
        return not text or knows_a_word(self.search.encoder, text)

    def browse(self, where: Where, k: int) -> list[Record]:
        """The first `k` people that pass a filter, unranked."""
        return [record for record, _ in zip(self.gallery.records(where), range(k), strict=False)]

    def neighbours(self, id: str) -> list[Record]:
        """People seen by the same camera just before and after."""
        return self.search.neighbours(id, NEIGHBOUR_COUNT)

    def frame(self, id: str) -> tuple[Image.Image | None, str]:
        """The full image with the person's box, or None and why it cannot be shown."""
        try:
            with OPENING:
                image = self.search.frame(id)
                image.thumbnail((FRAME_SIDE, FRAME_SIDE))
            return image, ""
        except InputError as error:
            return None, f"The full image cannot be shown: {error}"

    def draw_contact_sheet(self, hits: Hits, title: str) -> Image.Image:
        """The people found, on one image; who is gone since is left out."""
        thumbnails = self.gallery.thumbnails(hits.ids)
        return contact_sheet(hits.among(thumbnails), list(thumbnails.values()), title=title)

    def add(
        self,
        files: Iterable[Path],
        *,
        crops: bool,
        camera: str | None,
        progress: Callable[[IndexProgress], None] = lambda _: None,
    ) -> AddReport:
        """Take uploads into the gallery and find the people in them; one addition runs at a time."""
        with self._adding:
            stored: list[Path] = []
            try:
                with ExitStack() as kept:
                    for file in files:
                        stored.append(kept.enter_context(uploads.stored(file, self.gallery)))
                    return self.search.add(
                        stored, crops=crops, detector=self.detector, camera=camera, progress=progress
                    )
            finally:
                self.gallery.files.remove_unused([self.gallery.files.key(file) for file in stored])

    def delete(self, ids: Sequence[str]) -> int:
        """Delete people; returns how many.

        Raises:
            UnknownPersonError: nobody has one of the ids.
        """
        for id in ids:
            self.gallery.get(id)
        return self.gallery.delete(ids)

    def forget(self, id: str) -> int:
        """Delete everybody found in the same photo or video as `id`. Returns how many people were deleted."""
        return self.gallery.forget(self.gallery.get(id).source)

    def count_in_file(self, id: str) -> int:
        """How many people the gallery holds from the same file, `id` included; 0 if the person is gone."""
        try:
            source = self.gallery.get(id).source
        except UnknownPersonError:
            return 0
        return self.gallery.count(Where(source=source))
