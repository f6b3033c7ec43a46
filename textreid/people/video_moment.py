"""When a film was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from textreid.io.taken import first_time, time_in_name, time_in_words

FIELDS = (
    "com.apple.quicktime.creationdate",  # of phones, with their zone; the next is when it was exported
    "creation_time",  # QuickTime and MP4 (UTC), Matroska's DateUTC, AVI's IDIT
    "DATE_RECORDED",
    "DATE",  # AVI's ICRD, and the date of MP4 and ASF
    "ICRD",
)
"""Where films say it, in FFmpeg's names; the first that is a moment is believed, before the file's name."""


def recorded(metadata: Mapping[str, str], name: str, zone: tzinfo) -> float | None:
    """POSIX seconds of the first frame, as far as the file says.

    Args:
        metadata: of the file.
        name: of the file, without its folder.
        zone: where the recorder's clock hung, if the time is written without a zone.
    """
    said = {key.casefold(): value for key, value in metadata.items()}
    written = (said[field.casefold()] for field in FIELDS if field.casefold() in said)
    return first_time([*(time_in_words(words, zone) for words in written), time_in_name(name, zone)])
