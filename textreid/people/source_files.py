"""Folders, photos, archives and videos on a command line to a flat list of files to read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal

from textreid.errors import InputError
from textreid.io.images import SUFFIXES as PHOTOS
from textreid_index import SourceState

VIDEOS = frozenset(
    {".3gp", ".avi", ".flv", ".h264", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts"}
    | {".ogv", ".ts", ".vob", ".webm", ".wmv"}
)
ARCHIVES = frozenset({".zip"})

SourceKind = Literal["photo", "video", "zip"]


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


def list_sources(inputs: Sequence[Path]) -> list[Source]:
    """Every photo, video and zip file in `inputs`, in natural order, each once.

    Folders are read recursively; in them hidden files and files of other kinds are passed over silently. A
    file named in `inputs` whose kind is unknown, or a folder that cannot be read, stays in the list with its
    `problem`, so that it is reported among the results and stops nothing else.

    Raises:
        InputError: a path in `inputs` does not exist, or there is nothing to read in any of them.
    """
    sources: dict[Path, Source] = {}
    for given in inputs:
        path = given.expanduser().resolve()
        if not path.exists():
            raise InputError(f"{given} does not exist.{_nearest(path)}")
        for source in _folder(path) if path.is_dir() else [_file(path)]:
            sources.setdefault(source.path, source)
    if not sources:
        raise InputError(
            f"No photo, video or zip file in {', '.join(map(str, inputs)) or 'an empty list'}. "
            "Name a folder or file that has some (.jpg, .png, .mp4, .avi, .zip, ...)."
        )
    return list(sources.values())


def kind_of(name: str) -> SourceKind | None:
    """What a file is by the ending of its name; None if it is nothing that can be read."""
    suffix = PurePath(name).suffix.lower()
    if suffix in PHOTOS:
        return "photo"
    if suffix in VIDEOS:
        return "video"
    return "zip" if suffix in ARCHIVES else None


def natural(name: str) -> list[tuple[int, str]]:
    """A sort key that puts `frame9` before `frame10`, however many digits there are."""
    parts = re.split(r"(\d+)", name)
    values = (part.lstrip("0") if part.isdecimal() else part.casefold() for part in parts)
    return [
        (len(value), value) if part.isdecimal() else (-1, value)
        for part, value in zip(parts, values, strict=True)
    ]


def _folder(folder: Path) -> Iterator[Source]:
    try:
        paths = sorted(folder.iterdir(), key=lambda path: natural(path.name))
    except OSError as error:
        yield Source(folder, "photo", 0, 0, problem=f"the folder cannot be read: {error.strerror}.")
        return
    for path in paths:
        if path.name.startswith("."):
            continue
        if path.is_dir():
            if not path.is_symlink():  # it may lead back here
                yield from _folder(path)
        elif kind_of(path.name):
            yield _file(path)


def _file(path: Path) -> Source:
    kind = kind_of(path.name)
    try:
        stat = path.stat()
    except OSError as error:
        return Source(path, kind or "photo", 0, 0, problem=f"cannot be read: {error.strerror}.")
    if not path.is_file():
        problem = "not a regular file."
    elif kind is None:
        problem = "not a photo, video or zip file by the ending of its name."
    elif str(path) != str(path).encode(errors="replace").decode():
        problem = "its name is not valid Unicode. Rename the file, or the folder that it is in."
    else:
        problem = None
    return Source(path, kind or "photo", stat.st_size, stat.st_mtime_ns, problem)


def _nearest(path: Path) -> str:
    if not path.parent.is_dir():
        return ""
    near = difflib.get_close_matches(path.name, [other.name for other in path.parent.iterdir()], n=1)
    return f" Did you mean {path.parent / near[0]}?" if near else ""
