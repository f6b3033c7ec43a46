"""From files to a gallery: what `PersonSearch.add` does behind its one call.

Files are read and searched for people ahead, in a thread of their own, while the encoder works on those
found before. The gallery remembers how far each file is done, so that the next run reads only what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from textreid_index import Gallery, SourceState

from textreid.commit import Committer, PersonEncoder
from textreid.people.sightings import Found, Skipped
from textreid.prefetch import prefetch

AHEAD = 16
"""Photos, or stretches of video, that are found and wait while the encoder is busy."""


@dataclass(frozen=True)
class Progress:
    """How far adding has come.

    Attributes:
        done: sources that need no more work.
        total: sources in all.
        people: people added so far.
        source: the source that was read last.
    """

    done: int
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


@dataclass(frozen=True)
class Job:
    """One source to read.

    Attributes:
        state: the source as it is now, with the settings to read it with.
        read: takes where to resume, or None for the beginning; yields units.
    """

    state: SourceState
    read: Callable[[float | None], Iterator[Found | Skipped]]

    def continues(self, known: SourceState | None) -> bool:
        """Whether the gallery knows this source as it is now, read with these settings."""
        return known is not None and all(
            getattr(known, name) == getattr(self.state, name) for name in ("size", "mtime_ns", "settings")
        )


def run(
    jobs: Sequence[Job],
    gallery: Gallery,
    load_encoder: Callable[[], PersonEncoder],
    progress: Callable[[Progress], None],
) -> AddReport:
    """Do the jobs that are new. Whatever ends it early, what was found until then is committed first."""
    todo: list[tuple[Job, float | None]] = []
    outdated: set[str] = set()
    for job in jobs:
        known = gallery.source_state(job.state.key)
        if known is None or not job.continues(known) or known.status == "failed":
            todo.append((job, None))
            outdated |= {job.state.key} if known else set()
        elif known.status == "partial":
            todo.append((job, known.resume_at))
    at_rest = len(jobs) - len(todo)
    if not todo:
        return AddReport(added=0, known=at_rest, empty=0, skipped=())
    committer = Committer(gallery, load_encoder(), outdated)
    used, empty, skipped = set[str](), 0, list["Skipped"]()
    units = prefetch(_units(todo), AHEAD)
    try:
        for number, job, unit in units:
            key = job.state.key
            if isinstance(unit, Found):
                committer.put(replace(unit, source=replace(unit.source, settings=job.state.settings)))
                used.add(key)
                empty += unit.source.status == "done" and unit.source.people == 0
            else:
                skipped.append(unit)
                if unit.source == key and key not in used:
                    gallery.mark(replace(job.state, status="failed", reason=unit.reason))
            progress(Progress(at_rest + number, len(jobs), committer.people, key))
    finally:
        units.close()
        committer.flush()
    progress(Progress(len(jobs), len(jobs), committer.people, todo[-1][0].state.key))
    return AddReport(committer.people, at_rest, empty, tuple(skipped))


def _units(todo: Sequence[tuple[Job, float | None]]) -> Iterator[tuple[int, Job, Found | Skipped]]:
    """Every unit of every job, with the number of jobs that were finished before it."""
    for number, (job, resume_at) in enumerate(todo):
        for unit in job.read(resume_at):
            yield number, job, unit
