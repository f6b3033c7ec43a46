"""From files to a gallery: what `PersonSearch.add` does behind its one call.

Files are read and searched for people ahead, in a thread of their own, while the encoder works on those
found before. The gallery remembers how far each file is done, so that the next run reads only what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from textreid.ingest.jobs import Job
from textreid.ingest.known_files import Task, find_tasks
from textreid.ingest.writer import GalleryWriter
from textreid.io.prefetch import prefetch
from textreid.people.guard import guarded
from textreid.people.sightings import Found, Note, Sighting, Skipped
from textreid.types import ImageTextEncoder
from textreid_index import Gallery

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
        outdated: people of earlier readings who go as their files are read again, before any is read; else 0.
    """

    done: float
    total: int
    people: int
    source: str
    outdated: int = 0


@dataclass(frozen=True)
class AddReport:
    """What adding did.

    Attributes:
        added: people added.
        known: sources left alone, since the gallery holds them as they are.
        empty: sources in which nobody was found.
        skipped: what could not be used, each with its reason.
        replaced: people of earlier readings of the same files who went for those added.
        notes: what to know of files that were read all the same.
        passed_over: files in the folders that are no photo, video or zip file.
    """

    added: int
    known: int
    empty: int
    skipped: tuple[Skipped, ...]
    replaced: int = 0
    notes: tuple[Note, ...] = ()
    passed_over: tuple[str, ...] = ()


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
        progress: called after each unit; also once before, if people of earlier readings will go.
        cancel: makes a job that is being read stop soon.
    """
    tasks, twins = find_tasks(jobs, gallery)
    if not tasks:
        return AddReport(0, len(jobs), 0, ())
    left = len(tasks) + len(twins)
    if outdated := gallery.files.count([task.job.state.key for task in tasks if not task.begun]):
        progress(IndexProgress(len(jobs) - left, len(jobs), 0, tasks[0].job.state.key, outdated))
    writer, empty = GalleryWriter(gallery, load_encoder()), 0
    skipped, notes = list[Skipped](), list[Note]()

    def read(tasks: Sequence[Task], left: int) -> None:
        nonlocal empty
        with closing(prefetch(_units(tasks), UNITS_AHEAD)) as units:
            for done, task, unit in units:
                if isinstance(unit, Found):
                    writer.put(unit)
                    notes.extend(unit.notes)
                    empty += unit.source.status == "done" and unit.source.people == 0
                else:
                    skipped.append(unit)
                    if unit.source == task.job.state.key:
                        writer.fail(task, unit.reason)
                key = task.job.state.key
                progress(IndexProgress(len(jobs) - left + done, len(jobs), writer.added, key))
        writer.flush()

    try:
        read(tasks, left)
        again, unlike = find_tasks(twins, gallery)
        again += [Task(job) for job in unlike]
        read(again, len(again))
    finally:
        cancel()
        writer.flush()
    progress(IndexProgress(len(jobs), len(jobs), writer.added, tasks[-1].job.state.key))
    unchanged = len(jobs) - len(tasks) - len(again)
    return AddReport(writer.added, unchanged, empty, tuple(skipped), writer.replaced, tuple(notes))


def _units(tasks: Sequence[Task]) -> Iterator[tuple[float, Task, Found | Skipped]]:
    """Every unit of every task, with how many tasks are done when it is."""
    for finished, task in enumerate(tasks):
        for unit in guarded(task.job.state.key, _read(task)):
            yield finished + (unit.part if isinstance(unit, Found) else 0.0), task, unit


def _read(task: Task) -> Iterator[Found | Skipped]:
    """The units of a file from where an earlier run stopped, as the gallery takes them.

    Those of a film go on from a moment at which nobody was followed, and find whom the gallery has already
    once more; those are counted, and left as they are.
    """
    begun, settings = task.begun, task.job.state.settings
    before = begun.people - len(task.ahead) if begun else 0
    content = task.job.content()
    for unit in task.job.read(begun.resume_at if begun else None):
        if isinstance(unit, Found):
            people = max(before + unit.source.people, begun.people if begun else 0)
            state = replace(
                unit.source, settings=settings, people=people, content=content, reading=task.reading
            )
            new = [person for person in unit.sightings if person.record.id not in task.ahead]
            unit = replace(unit, source=state, sightings=[_bounded(person) for person in new])
        yield unit


def _bounded(person: Sighting) -> Sighting:
    """The person in images that may wait in memory by the dozen."""
    if max(person.image.size) <= MAX_SIDE:
        return person
    small = person.image.copy()
    small.thumbnail((MAX_SIDE, MAX_SIDE))
    return replace(person, image=small)
