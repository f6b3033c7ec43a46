"""Which people a search may return."""

from __future__ import annotations

from dataclasses import dataclass

from textreid_index.errors import InvalidValueError


@dataclass(frozen=True)
class Where:
    """A filter on records; all given parts must hold. A person whose value is unknown does not match.

    It is a plain value: whatever searches translates it into its own language.

    Attributes:
        camera: exactly this camera.
        since: taken at this time or later, POSIX seconds.
        until: taken at this time or earlier, POSIX seconds.
        offset_since: seen this many seconds into the video or later.
        offset_until: seen this many seconds into the video or earlier.
        source: this photo or video, or any below this folder or inside this zip file.
        exclude: never these ids.

    Raises:
        InvalidValueError: the camera, source or an id is an empty text.
    """

    camera: str | None = None
    since: float | None = None
    until: float | None = None
    offset_since: float | None = None
    offset_until: float | None = None
    source: str | None = None
    exclude: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.camera == "" or self.source == "":
            raise InvalidValueError(
                '"" names no camera and no file: leave the filter out to accept everybody.'
            )
        if "" in self.exclude:
            raise InvalidValueError('"" is nobody\'s id: exclude people by the ids that they have.')
        object.__setattr__(self, "exclude", frozenset(self.exclude))


EVERYBODY = Where()
"""The filter that accepts everybody."""
