"""Find people: the one object behind the command line, the page and the Python API."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import TracebackType

import numpy as np
from PIL import ImageDraw
from PIL.Image import Image

from textreid.errors import InputError, refuse_old_rerank
from textreid.inference.reranker import (
    RERANKED_HITS,
    Reranker,
    image_matcher_of,
    require_image_matcher,
    require_matcher,
)
from textreid.ingest import indexing, jobs
from textreid.ingest.cancellable import CancellableDetector
from textreid.ingest.indexing import AddReport, IndexProgress
from textreid.ingest.writer import BATCH, add_people, encode_people
from textreid.io.forked import is_forked
from textreid.people.detectors.boxes import Detector
from textreid.people.detectors.load import load_detector
from textreid.people.full_frame import load_frame
from textreid.people.sightings import Sighting
from textreid.people.source_files import Listing, look_through
from textreid.search.asked import check_filter, check_number, check_words
from textreid.search.likelihood import (
    NO_KNOWN_WORD,
    knows_a_word,
    require_scale,
    scale_of,
    scales_of,
    why_unsure,
    with_probabilities,
)
from textreid.search.query import DISLIKED, LIKED, PHOTO, Part, combine
from textreid.search.search_log import SearchLog
from textreid.types import ImageTextEncoder, QueryKind
from textreid_index import Embeddings, Gallery, Hits, Record, Where
from textreid_index.embeddings import require_same_encoder
from textreid_index.forks import follow_forks
from textreid_index.records import MEMORY_PREFIX
from textreid_index.snapshot import Snapshot

DEFAULT_MODEL = "pocket"

SAMPLE = 1024
"""People of the gallery by which the parts of a query are balanced."""

BOX_COLOUR = (255, 64, 64)

FORKED = (
    "This process was forked from one that had loaded a model, without the threads that indexing needs:"
    " start it by spawn, or load the first model after the fork."
)


class PersonSearch:
    """A gallery of people and the model that searches it, for any number of threads.

    Use it as a context manager, or `close` it.

    Example:
        >>> with PersonSearch.open("gallery", create=True) as people:       # doctest: +SKIP
        ...     people.add("photos/")
        ...     for hit in people.search("a woman in a red coat", k=5):
        ...         print(hit.rank, hit.score, hit.record.source)
    """

    def __init__(
        self, gallery: Gallery, load: Callable[[], ImageTextEncoder], log: SearchLog | None = None
    ) -> None:
        """See `open`; `load` gives the model when it is first needed."""
        self.gallery = gallery
        self._load, self._log = load, log
        self._encoder: ImageTextEncoder | None = None
        self._rerankers: dict[QueryKind, Reranker] = {}
        self._loading = threading.Lock()
        follow_forks(self, in_child=PersonSearch._begin_anew)

    def _begin_anew(self) -> None:
        """In a forked process: wait for no thread of the parent."""
        self._loading, self._reranker = threading.Lock(), None

    @classmethod
    def open(
        cls,
        gallery: str | Path | Gallery,
        *,
        model: str | None = None,
        device: str = "auto",
        create: bool = False,
        encoder: ImageTextEncoder | None = None,
        log: str | Path | None = None,
    ) -> PersonSearch:
        """Open a gallery.

        Args:
            gallery: its folder, or a gallery that is open already.
            model: name, folder or hub id of a model; None: the one the gallery was made with, "pocket" for a
                new one.
            device: where the model runs: "auto", "cpu", "cuda", "cuda:1", "mps".
            create: make the gallery if there is none.
            encoder: a model that is loaded already, in place of `model` and `device`.
            log: append every search to this file; None: keep no record of searches.

        Raises:
            GalleryError: there is no gallery, or it cannot be used.
            InputError: the log cannot be written, or has no name.
        """
        if log == "":
            raise InputError('log="" names no file: name one, or leave it out to keep no record.')
        opened = gallery if isinstance(gallery, Gallery) else Gallery.open(gallery, create=create)

        def load() -> ImageTextEncoder:
            if encoder is not None:
                return encoder
            from textreid.inference.encoder import Encoder

            if model is None and opened.encoder is not None:
                return Encoder.load_known(opened.encoder, device=device)
            return Encoder.load(model or DEFAULT_MODEL, device=device)

        return cls(opened, load, None if log is None else SearchLog(Path(log)))

    def close(self) -> None:
        """Release the gallery's files."""
        self.gallery.close()

    def __enter__(self) -> PersonSearch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self.gallery)

    @property
    def encoder(self) -> ImageTextEncoder:
        """The model, loaded when it is first used.

        Raises:
            EncoderMismatchError: the gallery's people come from another model.
            UnknownNameError: no model has this name.
            ModelError: the model cannot be loaded.
        """
        with self._loading:
            if self._encoder is None:
                loaded, known = self._load(), self.gallery.encoder
                if known and len(self.gallery):
                    require_same_encoder(known, loaded.info)
                self._encoder = loaded
            return self._encoder

    def add(
        self,
        inputs: str | Path | Image | Iterable[str | Path | Image],
        *,
        crops: bool = False,
        detector: str | Detector = "auto",
        camera: str | None = None,
        start: float | None = None,
        zone: str | None = None,
        progress: Callable[[IndexProgress], None] = lambda _: None,
    ) -> AddReport:
        """Find the people in photos and video and add them; what the gallery knows already is left alone.

        A file is known by path, size and time of change, and by the settings it was read with; a file that
        changed is read again and its people replace the old ones. One that cannot be used is reported and
        stops nothing. Interrupt it whenever you like: what was found is committed, and the same call goes on
        from there.

        Args:
            inputs: folders, image files, zip files and video files, or images in memory.
            crops: each image already is one person.
            detector: who finds the people otherwise: a name for `load_detector`, or a detector.
            camera: name of the camera; None: read from the file name, else the folder's or the video's name.
            start: POSIX seconds at which a video starts; None: as the file says.
            zone: where the clocks of the cameras hung, such as "Europe/Berlin", for times without a zone;
                None: UTC.
            progress: called after each photo and each stretch of video.

        Raises:
            InputError: a path is empty or does not exist, or holds nothing to read, or is neither path nor
                image; or there is no such time zone; or this process was forked.
            GalleryError: the gallery cannot be written, or its people come from another model.
        """
        if is_forked():
            raise InputError(FORKED)
        given = [inputs] if isinstance(inputs, str | Path | Image) else list(inputs)
        paths = [Path(item) for item in given if isinstance(item, str | Path)]
        images = [item for item in given if isinstance(item, Image)]
        if len(paths) + len(images) < len(given):
            raise InputError("Give paths, or images of PIL; Image.fromarray(...) makes one of an array.")
        if "" in [item for item in given if isinstance(item, str)]:
            raise InputError('"" names no file: name one, or a folder.')
        finder = None
        if not crops:
            finder = CancellableDetector(load_detector(detector) if isinstance(detector, str) else detector)
        listing = look_through(paths) if paths else Listing([], [])
        todo = jobs.file_jobs(
            listing.sources,
            finder,
            camera,
            start,
            zone,
            self.gallery.files.key,
            lambda crops: self.encoder.encode_images(crops),
        )
        todo += jobs.image_jobs(images, finder, camera)
        cancel = finder.cancel if finder else lambda: None
        report = indexing.run(todo, self.gallery, lambda: self.encoder, progress, cancel)
        return replace(report, passed_over=tuple(map(str, listing.passed_over)))

    def add_sightings(self, people: Iterable[Sighting]) -> int:
        """Add people that are found already, such as those of an annotated data set.

        A person whose id is in the gallery is replaced.

        Returns:
            How many were given.

        Raises:
            InputError: this process was forked.
        """
        if is_forked():
            raise InputError(FORKED)
        waiting, count = iter(people), 0
        while batch := list(islice(waiting, BATCH)):
            add_people(self.gallery, self.encoder.info, batch, encode_people(self.encoder, batch))
            count += len(batch)
        return count

    def search(
        self,
        text: str | None = None,
        *,
        image: Image | None = None,
        k: int = 20,
        where: Where | None = None,
        more_like: Sequence[str] = (),
        less_like: Sequence[str] = (),
        rerank: int | None = None,
        budget: float | None = None,
        false_alarms: float | None = None,
    ) -> Hits:
        """The k people who match best.

        A description, a photo and liked people may be combined, each balanced by how far it tells the
        gallery's people apart (`textreid.search.query`). The text is only ever read as a description.

        For a description alone or a photo alone, and a model that is calibrated for them, hits carry the
        probability that they show the person, which never rises from hit to hit; for others `Hits.unsure`
        says why not.

        Args:
            text: what the person looks like, in English.
            image: one person, cropped; an example of whom to find.
            k: how many.
            where: whom to consider; None: everybody.
            more_like: ids of hits that are right, or nearly so; who is gone from the gallery is left out.
            less_like: ids of hits that are wrong; they do not come back.
            rerank: how many of the best are put into order by the model's matcher, which reads the
                description and each image together, or the photo and each image where there is no
                description; 0: none; None: the first 64 for a description alone or a photo alone, where the
                model has a matcher of that kind.
            budget: seconds for that; when they are used up, no more images are read.
            false_alarms: only hits good enough that of the searches for somebody who is not in the gallery
                no more than this fraction, such as 0.05, finds anybody; `Hits.cut` says what that took. None:
                everybody.

        Raises:
            InputError: there is nothing to search for, or to re-rank by, a number out of its range, or a rate
                that was not measured or is asked for a query of several parts, or for a description without
                a word that the model knows.
            ModelError: the model has no matcher to re-rank with, or is not calibrated for the rate; or its
                calibration is damaged.
            UnknownPersonError: only liked people are given, and nobody has their ids.
            GalleryError: the gallery comes from another model.
        """
        refuse_old_rerank(rerank)
        check_number("k", k, 0, whole=True)
        check_number("rerank", rerank or 0, 0, whole=True)
        check_number("budget", budget or 0, 0)
        check_number("false_alarms", false_alarms or 0, 0, 1)
        check_words("An id", [*more_like, *less_like])
        check_filter(where)
        described = text if text and text.strip() else None
        asked: str | Image | None = image if described is None else described
        if rerank and asked is None:
            raise InputError("Re-ranking reads a description or a photo beside each image: give one.")
        parts = []
        if described is not None:
            parts.append(Part(self.encoder.encode_texts([described])))
        if image is not None:
            parts.append(Part(self.encoder.encode_images([image.convert("RGB")]), PHOTO))
        if not parts and not more_like:
            raise InputError(
                'Nothing to search for. Describe the person, as in "a man in a blue shirt", '
                "or give an example photo."
            )
        kind: QueryKind | None = None
        if len(parts) == 1 and not (more_like or less_like):
            kind = "text" if image is None else "photo"
        if rerank is None:
            rerank = RERANKED_HITS if kind is not None and self._can_rerank(kind) else 0
        reranker = self._load_reranker("photo" if described is None else "text") if rerank else None
        if false_alarms is not None:
            require_scale(self.encoder, kind)
            if described is not None and not knows_a_word(self.encoder, described):
                raise InputError(f"{NO_KNOWN_WORD} No false-alarm rate is known for it.")
        with self.gallery.snapshot() as now:
            parts += _guides(now, more_like, less_like)
            if not parts or parts[0].weight < 0:
                now.key(more_like[0])  # says that nobody has it
            vector = combine(parts, lambda: now.sample(SAMPLE))
            where = _excluding(where, less_like)
            hits = self._nearest(now, vector, max(k, rerank), where)
            people = now.count(where)
            candidates = reranker.read(now, hits.ids[:rerank]) if reranker else None
        if reranker and candidates and asked is not None:
            hits = reranker(asked, hits, candidates, budget)
        hits = self._judged(hits, kind, described, people, false_alarms).first(k)
        if self._log:
            self._log.write(hits, text=text, image=image is not None, where=where, more_like=more_like)
        return hits

    def similar(
        self, id: str, *, k: int = 20, where: Where | None = None, false_alarms: float | None = None
    ) -> Hits:
        """The k people who look most like this one.

        It needs no model; where one is loaded that is calibrated for photos, hits carry probabilities.

        Args:
            id: of the person.
            k: how many.
            where: whom to consider; None: everybody.
            false_alarms: as in `search`; the model is loaded for it.

        Raises:
            UnknownPersonError: nobody has this id.
            InputError: a number is out of its range, or the rate was not measured.
            ModelError: the model is not calibrated for photos.
        """
        check_number("k", k, 0, whole=True)
        check_number("false_alarms", false_alarms or 0, 0, 1)
        check_words("The id", [id])
        check_filter(where)
        where = _excluding(where, [id])
        if false_alarms is not None:
            require_scale(self.encoder, "photo")
        with self.gallery.snapshot() as now:
            vector = now.vectors([now.key(id)])[0]
            hits, people = self._nearest(now, vector, k, where), now.count(where)
        if self._encoder is not None:
            hits = self._judged(hits, "photo", None, people, false_alarms)
        if self._log:
            self._log.write(hits, where=where, more_like=[id])
        return hits

    def frame(self, id: str) -> Image:
        """The full image or video frame a person comes from, with a box drawn around them.

        Raises:
            UnknownPersonError: nobody has this id.
            InputError: the file is gone or cannot be read, or there never was one.
        """
        record = self.gallery.get(id)
        if record.source.startswith(MEMORY_PREFIX):
            raise InputError(
                "This image was added from memory, not from a file: only its thumbnail is stored."
            )
        frame = load_frame(record, self.gallery.path)
        if record.box is not None:
            width = max(2, round(max(frame.size) / 300))
            ImageDraw.Draw(frame).rectangle(record.box, outline=BOX_COLOUR, width=width)
        return frame

    def neighbours(self, id: str, n: int = 8) -> list[Record]:
        """Up to n people seen nearest in time to this one, in the order of time."""
        return self.gallery.neighbours(id, n)

    def calibrated(self, kind: QueryKind) -> bool:
        """Whether the model knows what its scores mean, for descriptions ("text") or photos ("photo").

        Raises:
            ModelError: its calibration is damaged, or it cannot be loaded.
        """
        return scale_of(self.encoder, kind) is not None

    def _can_rerank(self, kind: QueryKind) -> bool:
        matcher = self.encoder.matcher if kind == "text" else image_matcher_of(self.encoder)
        return matcher is not None

    def _load_reranker(self, kind: QueryKind) -> Reranker:
        matcher = require_matcher(self.encoder) if kind == "text" else require_image_matcher(self.encoder)
        with self._loading:
            if kind not in self._rerankers:
                self._rerankers[kind] = Reranker(matcher)
            return self._rerankers[kind]

    def _nearest(self, now: Snapshot, vector: np.ndarray, k: int, where: Where | None) -> Hits:
        known = self._encoder.info if self._encoder else now.encoder
        assert known is not None, "a vector comes from the model or from the gallery"
        return now.search(Embeddings(("query",), vector[None], known), k, where)[0]

    def _judged(
        self, hits: Hits, kind: QueryKind | None, text: str | None, people: int, false_alarms: float | None
    ) -> Hits:
        """The hits with their probabilities, or with the reason why there are none."""
        if unsure := why_unsure(self.encoder, kind, text):
            return replace(hits, unsure=unsure)
        vectors, matched = scales_of(self.encoder, kind, text)
        if vectors is None:
            return hits
        return with_probabilities(hits, vectors, matched, people, false_alarms)


def _guides(now: Snapshot, more_like: Sequence[str], less_like: Sequence[str]) -> list[Part]:
    """People as parts of a query; who is gone is left out."""
    guides = ((now.keys(more_like), LIKED), (now.keys(less_like), DISLIKED))
    return [Part(now.vectors(list(keys.values())), weight) for keys, weight in guides if keys]


def _excluding(where: Where | None, ids: Sequence[str]) -> Where:
    where = where or Where()
    return replace(where, exclude=where.exclude | frozenset(ids))
