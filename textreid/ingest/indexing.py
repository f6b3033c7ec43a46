"""From files to a gallery: what `PersonSearch.add` does behind its one call.

Files are read and searched for people ahead, in a thread of their own, while the encoder works on those
found before. The gallery remembers how far each file is done, so that the next run reads only what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from textreid.ingest.jobs import Job
from textreid.ingest.writer import GalleryWriter
from textreid.io.prefetch import prefetch
from textreid.people.guard import guarded
from textreid.people.sightings import Found, Sighting, Skipped
from textreid.types import ImageTextEncoder
from textreid_index import Gallery, SourceState

UNITS_AHEAD = 16
"""Photos, or stretches of video, that are found and wait while the encoder is busy."""

MAX_SIDE = 1024
"""Longest side in pixels of a person who waits; models look at a quarter of that."""


@dataclass(frozen=True)
class IndexProgress:
    """How far adding has come.

    Attributes:
        done: sources that need no more work; of a long video or archive, the part that was read counts.
        total: sources in all.
        people: people added so far.
        source: the source that was read last.
    """

    done: float
    total: int
    people: int
    source: str


@dataclass(frozen=True)
class AddReport:
    """What adding did.

    Attributes:
        added: people added.
        known: sources left alone, since the gallery holds them as they are.
        empty: sources in which nobody was found.
        skipped: what could not be used, each with its reason.
    """

    added: int
    known: int
    empty: int
    skipped: tuple[Skipped, ...]


def run(
    jobs: Sequence[Job],
    gallery: Gallery,
    load_encoder: Callable[[], ImageTextEncoder],
    progress: Callable[[IndexProgress], None],
    cancel: Callable[[], None],
) -> AddReport:
    """Do the jobs that are new. Whatever ends it early, what was found until then is committed first.

    Args:
        jobs: what there is to read.
        gallery: where people go.
        load_encoder: gives the model, once something is new.
        progress: called after each unit.
        cancel: makes a job that is being read stop soon.
    """
    todo, outdated = _new(jobs, gallery)
    unchanged, empty, skipped = len(jobs) - len(todo), 0, list[Skipped]()
    if not todo:
        return AddReport(0, unchanged, empty, ())
    writer = GalleryWriter(gallery, load_encoder(), outdated)
    units = prefetch(_units(todo), UNITS_AHEAD)
    try:
        for done, job, unit in units:
            if isinstance(unit, Found):
                writer.put(unit)
                empty += unit.source.status == "done" and unit.source.people == 0
            else:
                skipped.append(unit)
                if unit.source == job.state.key:
                    writer.fail(job.state, unit.reason)
            progress(IndexProgress(unchanged + done, len(jobs), writer.people, job.state.key))
    finally:
        units.close()
        cancel()
        writer.flush()
    progress(IndexProgress(len(jobs), len(jobs), writer.people, todo[-1][0].state.key))
    return AddReport(writer.people, unchanged, empty, tuple(skipped))


def _new(jobs: Sequence[Job], gallery: Gallery) -> tuple[list[tuple[Job, SourceState | None]], set[str]]:
    """The jobs to do, each with the state to go on from; and the sources with people of an earlier state."""
    todo: list[tuple[Job, SourceState | None]] = []
    outdated = set()
    for job in jobs:
        known = gallery.source_state(job.state.key)
        if known is None:
            todo.append((job, None))
        elif known.status == "failed" or not job.continues(known):
            todo.append((job, None))
            outdated.add(job.state.key)
        elif known.status == "partial":
            todo.append((job, known))
    return todo, outdated


def _units(todo: Sequence[tuple[Job, SourceState | None]]) -> Iterator[tuple[float, Job, Found | Skipped]]:
    """Every unit of every job, with how many jobs are done when it is."""
    for finished, (job, begun) in enumerate(todo):
        for unit in guarded(job.state.key, _read(job, begun)):
            yield finished + (unit.part if isinstance(unit, Found) else 0.0), job, unit


def _read(job: Job, begun: SourceState | None) -> Iterator[Found | Skipped]:
    """The units of a job from where an earlier run stopped, as the gallery takes them."""
    before = begun.people if begun else 0
    for unit in job.read(begun.resume_at if begun else None):
        if isinstance(unit, Found):
            state = replace(unit.source, settings=job.state.settings, people=before + unit.source.people)
            unit = replace(unit, source=state, sightings=[_bounded(person) for person in unit.sightings])
        yield unit


def _bounded(person: Sighting) -> Sighting:
    """The person in images that may wait in memory by the dozen."""
    if max(person.image.size) <= MAX_SIDE:
        return person
    small = person.image.copy()
    small.thumbnail((MAX_SIDE, MAX_SIDE))
    return replace(person, image=small)
