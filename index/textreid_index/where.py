"""Which people a search may return."""

from __future__ import annotations

import json
from dataclasses import dataclass

from textreid_index.records import MEMBER_MARK


@dataclass(frozen=True)
class Where:
    """A filter on records; all given parts must hold. A person whose value is unknown does not match.

    Attributes:
        camera: exactly this camera.
        since: taken at this time or later, POSIX seconds.
        until: taken at this time or earlier, POSIX seconds.
        offset_since: seen this many seconds into the video or later.
        offset_until: seen this many seconds into the video or earlier.
        source: this photo or video, or any below this folder or inside this zip file.
        exclude: never these ids.
    """

    camera: str | None = None
    since: float | None = None
    until: float | None = None
    offset_since: float | None = None
    offset_until: float | None = None
    source: str | None = None
    exclude: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "exclude", frozenset(self.exclude))

    def sql(self) -> tuple[str, list[object]]:
        """The condition on the table `people` and its parameters; an empty condition accepts everybody."""
        comparisons = {
            "camera = ?": self.camera,
            "time >= ?": self.since,
            "time <= ?": self.until,
            '"offset" >= ?': self.offset_since,
            '"offset" <= ?': self.offset_until,
        }
        conditions = [text for text, value in comparisons.items() if value is not None]
        values: list[object] = [value for value in comparisons.values() if value is not None]
        if self.source is not None:
            text, prefixes = below("source", self.source)
            conditions.append(text)
            values += prefixes
        if self.exclude:
            conditions.append("id NOT IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(sorted(self.exclude)))
        return " AND ".join(conditions), values


def below(column: str, source: str) -> tuple[str, list[object]]:
    """The condition that `column` is this source, lies below this folder or inside this zip file."""
    folder = source.rstrip("/") + "/"
    member = source + MEMBER_MARK
    text = f"({column} = ? OR substr({column}, 1, ?) = ? OR substr({column}, 1, ?) = ?)"
    return text, [source, len(folder), folder, len(member), member]
