"""Which files a gallery knows already: by path, size and time of change, else by their content.

Content that is known under another path is the same file. Where nothing lies at the other path any more it
was moved, and its people follow; where it is still there, this one is a copy. Neither is read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from textreid.ingest.jobs import Job
from textreid_index import Gallery, SourceState
from textreid_index.files import Copy


@dataclass(frozen=True)
class Task:
    """One file that has to be read.

    Attributes:
        job: reads it.
        known: what the gallery knows of an earlier reading; None: nothing.
        ahead: the ids of those whom an earlier run has found after the moment from which this one goes on.
    """

    job: Job
    known: SourceState | None = None
    ahead: frozenset[str] = frozenset()

    @property
    def begun(self) -> SourceState | None:
        """The state from which this reading goes on, if an earlier run has begun it."""
        known = self.known
        return known if known and known.status == "partial" and self.job.continues(known) else None

    @property
    def reading(self) -> int:
        """The number of this reading of the file."""
        return 0 if self.known is None else self.known.reading + (self.begun is None)

    @property
    def changed(self) -> bool:
        """Whether the file can be read and has other content than at an earlier reading."""
        content = self.job.content()
        return self.known is not None and content is not None and content != self.known.content


def find_tasks(jobs: Sequence[Job], gallery: Gallery) -> tuple[list[Task], list[Job]]:
    """The files to read, and those of the same content as one of them, to be looked at after that.

    The gallery follows files that were moved, and notes copies, on the way.
    """
    _note_contents(jobs, gallery)
    _follow(_strangers(jobs, gallery), gallery)
    states, copies = _stored(jobs, gallery)
    sizes = Counter(job.state.size for job in jobs)
    tasks, twins, contents = list[Task](), list[Job](), set[tuple[str, str]]()
    for job in jobs:
        known = states.get(job.state.key)
        if known is None and _is_known_copy(job, copies.get(job.state.key), gallery):
            continue
        if known is not None and known.status == "done" and job.continues(known):
            continue
        content = job.content() if sizes[job.state.size] > 1 else None
        if known is None and (content or "", job.state.settings) in contents:
            twins.append(job)
            continue
        task = Task(job, known)
        ahead = gallery.files.found_since(task.begun) if task.begun else ()
        tasks.append(replace(task, ahead=frozenset(ahead)))
        if content is not None:
            contents.add((content, job.state.settings))
    return tasks, twins


def _stored(jobs: Sequence[Job], gallery: Gallery) -> tuple[dict[str, SourceState], dict[str, Copy]]:
    """What is known at the paths of these jobs: states of files, and copies of others."""
    keys = [job.state.key for job in jobs]
    return gallery.files.states(keys), gallery.files.copies_at(keys)


def _note_contents(jobs: Sequence[Job], gallery: Gallery) -> None:
    """Write down the content of unchanged files that were indexed before content was looked at."""
    states, _ = _stored(jobs, gallery)
    pairs = [(job, states[job.state.key]) for job in jobs if job.state.key in states]
    silent = [(job, known) for job, known in pairs if known.content is None and _is_unchanged(job, known)]
    gallery.mark(*(replace(known, content=content) for job, known in silent if (content := job.content())))


def _strangers(jobs: Sequence[Job], gallery: Gallery) -> list[Job]:
    """Those that are not as the gallery knows them."""
    states, copies = _stored(jobs, gallery)
    return [
        job
        for job in jobs
        if not (
            _is_unchanged(job, states[job.state.key])
            if job.state.key in states
            else _is_known_copy(job, copies.get(job.state.key), gallery)
        )
    ]


def _follow(strangers: Sequence[Job], gallery: Gallery) -> None:
    """Find out for files that are not as the gallery knows them whether their content is known."""
    states, _ = _stored(strangers, gallery)
    sizes = gallery.files.sizes()
    suspects = [job for job in strangers if job.state.key in states or job.state.size in sizes]
    contents = {job.state.key: content for job in suspects if (content := job.content())}
    touched = [
        replace(states[job.state.key], size=job.state.size, mtime_ns=job.state.mtime_ns)
        for job in suspects
        if job.state.key in states and states[job.state.key].content == contents.get(job.state.key, "")
    ]
    gallery.mark(*touched)
    same = {state.key for state in touched}
    others = [job for job in suspects if job.state.key in contents and job.state.key not in same]
    _follow_moves(others, contents, states, gallery)


def _follow_moves(
    jobs: Sequence[Job], contents: Mapping[str, str], states: Mapping[str, SourceState], gallery: Gallery
) -> None:
    """Rename files whose content lies elsewhere now, and note further paths of content that is where it was.

    Args:
        jobs: files that are new, or have other content than before.
        contents: theirs, by key.
        states: what is known of their keys.
        gallery: that knows it.
    """
    moved, copies = dict[str, SourceState](), list[Copy]()
    for job in jobs:
        key = job.state.key
        if key in states and (copy := _remaining_copy(states[key], gallery)):
            moved[key] = replace(states[key], key=copy.path, mtime_ns=copy.mtime_ns)
        if gallery.files.is_inside(key):
            continue
        same = [each for each in gallery.files.of_content(contents[key]) if each.status != "failed"]
        there = [each for each in same if _is_there(each, gallery)]
        original = next((each for each in there if each.settings == job.state.settings), None)
        if original is not None:
            copies.append(Copy(key, original.key, job.state.mtime_ns))
        elif not there and (left := [each for each in same if each.key not in moved]):
            moved[left[0].key] = replace(left[0], key=key, mtime_ns=job.state.mtime_ns)
    gallery.files.rename({old: state.key for old, state in moved.items()})
    gallery.mark(*moved.values())
    gallery.files.note_copies(copies)


def _is_unchanged(job: Job, known: SourceState) -> bool:
    return (known.size, known.mtime_ns) == (job.state.size, job.state.mtime_ns)


def _is_known_copy(job: Job, copy: Copy | None, gallery: Gallery) -> bool:
    """Whether this is an unchanged copy of a file that is still there and was read with the same settings."""
    if copy is None or copy.mtime_ns != job.state.mtime_ns:
        return False
    original = gallery.source_state(copy.source)
    if original is None or not _is_there(original, gallery):
        return False
    return (original.size, original.settings) == (job.state.size, job.state.settings)


def _is_there(state: SourceState, gallery: Gallery) -> bool:
    """Whether the file is on the disk as it was read."""
    try:
        stat = gallery.files.path(state.key).stat()
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == (state.size, state.mtime_ns)


def _remaining_copy(known: SourceState, gallery: Gallery) -> Copy | None:
    """Where else the content lies that was at this path."""
    copies = gallery.files.copies(known.key)
    return next(
        (
            copy
            for copy in copies
            if _is_there(replace(known, key=copy.path, mtime_ns=copy.mtime_ns), gallery)
        ),
        None,
    )
