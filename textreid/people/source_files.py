"""Folders, photos, archives and videos on a command line to a flat list of files to read."""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from textreid.errors import InputError
from textreid.io.reason import reason_of
from textreid.people.file_kind import HEAD, SourceKind, kind_of
from textreid.people.folders import Entry, entries
from textreid_index import SourceState


@dataclass(frozen=True)
class Source:
    """One file to read.

    Attributes:
        path: absolute.
        kind: "photo", "video" or "zip".
        size: bytes.
        mtime_ns: last change, nanoseconds since 1970; with `size` it tells a changed file.
        problem: why it cannot be read, known before it is opened; None for nearly all.
        name: under which a gallery knows it; None: its path.
    """

    path: Path
    kind: SourceKind
    size: int
    mtime_ns: int
    problem: str | None = None
    name: str | None = None

    @property
    def key(self) -> str:
        """The name under which a gallery remembers this source; "?" stands for what is not Unicode in it."""
        return self.name or str(self.path).encode(errors="replace").decode()

    def state(
        self,
        settings: str,
        status: Literal["done", "partial", "failed"],
        people: int,
        *,
        reason: str | None = None,
        resume_at: float | None = None,
    ) -> SourceState:
        """How far this source is done, as a gallery stores it."""
        return SourceState(self.key, self.size, self.mtime_ns, settings, status, people, reason, resume_at)


@dataclass(frozen=True)
class Listing:
    """What there is in files and folders.

    Attributes:
        sources: what is read, in natural order, each once.
        passed_over: files in the folders that are no photo, video or zip file.
    """

    sources: list[Source]
    passed_over: list[Path]


def list_sources(inputs: Sequence[Path]) -> list[Source]:
    """Every photo, video and zip file in `inputs`: the sources of `look_through`."""
    return look_through(inputs).sources


def look_through(inputs: Sequence[Path]) -> Listing:
    """Every photo, video and zip file in `inputs`, in natural order, each once.

    What a file is its content decides. Folders are read with all that is below them, linked ones too, each
    real folder once; in them what is hidden, and folders of trash and thumbnails, are left out. A file named
    in `inputs` whose kind is unknown, and whatever cannot be looked at, stay in the list with their
    `problem`, so that they are reported among the results and stop nothing else.

    Raises:
        InputError: a path in `inputs` does not exist, or there is nothing to read in any of them.
    """
    sources: dict[Path, Source] = {}
    passed_over: dict[Path, None] = {}
    seen: set[tuple[int, int]] = set()
    for given in inputs:
        path = _absolute(given)
        for entry in entries(path, seen):
            source = _source(entry, named=entry.path == path)
            if source is None:
                passed_over[entry.path] = None
            else:
                sources.setdefault(entry.path, source)
    if not sources:
        others = f" {len(passed_over):,} other files were passed over." if passed_over else ""
        raise InputError(
            f"No photo, video or zip file in {', '.join(map(str, inputs)) or 'an empty list'}.{others} "
            "Name a folder or file that has some (.jpg, .png, .mp4, .avi, .zip, ...)."
        )
    return Listing(list(sources.values()), list(passed_over))


def _absolute(given: Path) -> Path:
    """The path with its links resolved; one that leads nowhere but to itself stays as it is."""
    path = Path(os.path.realpath(os.path.expanduser(given)))  # noqa: PTH111  (these raise nothing)
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{given} does not exist.{_nearest(path)}") from None
    except OSError:  # whoever reads it will say what is wrong
        pass
    return path


def _source(entry: Entry, *, named: bool) -> Source | None:
    """What there is to read of an entry; None if it is passed over."""
    path, status = entry.path, entry.status
    if status is None:
        return Source(path, "photo", 0, 0, entry.problem)
    kind, problem = None, None
    if not stat.S_ISREG(status.st_mode):
        kind, problem = kind_of(path.name, b""), "not a regular file."
    else:
        try:
            with path.open("rb") as file:
                kind = kind_of(path.name, file.read(HEAD))
        except OSError as error:
            kind, problem = "photo", f"cannot be read: {reason_of(error)}."
    if kind is None and not named:
        return None
    if kind is None:
        problem = problem or "not a photo, video or zip file."
    elif not _is_unicode(path):
        problem = "its name is not valid Unicode. Rename the file, or the folder that it is in."
    return Source(path, kind or "photo", status.st_size, status.st_mtime_ns, problem)


def _is_unicode(path: Path) -> bool:
    return str(path) == str(path).encode(errors="replace").decode()


def _nearest(path: Path) -> str:
    try:
        near = difflib.get_close_matches(path.name, [other.name for other in path.parent.iterdir()], n=1)
    except OSError:
        return ""
    return f" Did you mean {path.parent / near[0]}?" if near else ""
