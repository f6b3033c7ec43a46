"""One bad file costs that file."""

from __future__ import annotations

from collections.abc import Iterator

from textreid.errors import TextReIDError
from textreid.io.reason import reason_of
from textreid.people.sightings import Found, Skipped
from textreid_index import GalleryError
from textreid_index.errors import InvalidValueError


def guarded(name: str, units: Iterator[Found | Skipped]) -> Iterator[Found | Skipped]:
    """The units of one file; whatever is raised while it is read ends them with the `Skipped` that says why.

    Errors of the gallery, which would meet the next file as well, and what stops the program on purpose
    (`KeyboardInterrupt`, `CancelledError`) go on.

    Args:
        name: of the file.
        units: what reads it.
    """
    try:
        yield from units
    except Exception as error:
        yield skipped(name, error)


def skipped(name: str, error: Exception) -> Skipped:
    """What is said in place of the file, or photo of an archive, whose reading raised `error`.

    Raises:
        GalleryError: it is one, and not just a value of this file that no gallery can hold.
    """
    if isinstance(error, GalleryError) and not isinstance(error, InvalidValueError):
        raise error
    if isinstance(error, TextReIDError):
        return Skipped(name, str(error))
    return Skipped(name, f"cannot be read: {reason_of(error)}.")
