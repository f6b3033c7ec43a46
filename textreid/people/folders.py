"""Every file below a folder, each real folder once, whatever links there are."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from os import stat_result
from pathlib import Path

from textreid.io.reason import reason_of

_LEFT_OUT = re.compile(
    r"\..*|\$recycle\.bin|recycler|#recycle|@eadir|@recycle|@tmp|@recently-snapshot"
    r"|system volume information|__macosx|thumbs\.db|ehthumbs.*\.db|desktop\.ini",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Entry:
    """Something below a folder that is not a folder.

    Attributes:
        path: where it was met, links in it as they are.
        status: of what it leads to; None if that cannot be told.
        problem: why not.
    """

    path: Path
    status: stat_result | None
    problem: str | None = None


def is_left_out(name: str) -> bool:
    """Whether a file or folder is hidden, trash, or what a system keeps for itself, such as thumbnails."""
    return _LEFT_OUT.fullmatch(name) is not None


def natural(name: str) -> list[tuple[int, str]]:
    """A sort key that puts `frame9` before `frame10`, however many digits there are."""
    parts = re.split(r"(\d+)", name)
    values = (part.lstrip("0") if part.isdecimal() else part.casefold() for part in parts)
    return [
        (len(value), value) if part.isdecimal() else (-1, value)
        for part, value in zip(parts, values, strict=True)
    ]


def entries(path: Path, seen: set[tuple[int, int]]) -> Iterator[Entry]:
    """A file itself, or every file below a folder in natural order.

    Linked folders are followed. What cannot be looked at is an entry with its problem.

    Args:
        path: where to begin.
        seen: device and number of each folder that was read already; those read now are added.
    """
    waiting = [path]
    while waiting:
        path, what = waiting.pop(), ""
        try:
            status = path.stat()
            if not stat.S_ISDIR(status.st_mode):
                yield Entry(path, status)
            elif (status.st_dev, status.st_ino) not in seen:
                what = "the folder "
                seen.add((status.st_dev, status.st_ino))
                inside = [each for each in path.iterdir() if not is_left_out(each.name)]
                waiting += sorted(inside, key=lambda each: natural(each.name), reverse=True)
        except Exception as error:
            yield Entry(path, None, f"{what}cannot be read: {reason_of(error)}.")
