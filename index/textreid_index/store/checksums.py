"""CRC-32 over what a row holds: it finds flipped bits, it does not stop a forger."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any

from textreid_index.errors import GalleryDamagedError

RESTORE = "Restore the gallery from a copy, or index the photos again."
REPAIR = (
    "Restore the gallery from a copy, or repair it, which makes its indexes anew and deletes who is damaged:"
    " textreid gallery repair --gallery GALLERY"
)
FORGET = (
    "Restore the gallery from a copy, or forget that file, which deletes its people, and index it again:"
    " textreid gallery forget FILE --gallery GALLERY"
)
DELETE = (
    "`Gallery.verify()` names everybody it concerns: restore the gallery from a copy, or delete those people."
)


encode = json.JSONEncoder(default=repr).encode  # made once: every row that is read is checked


def fields_checksum(fields: Sequence[object]) -> int:
    """CRC-32 of column values."""
    return zlib.crc32(encode(list(fields)).encode())


def blob_checksum(key: int, blob: object) -> int:
    """CRC-32 of a blob and the key it is stored under; -1 where damage made it something else."""
    return zlib.crc32(blob, key & 0xFFFFFFFF) if isinstance(blob, bytes) else -1


def checked_fields(row: Sequence[Any], what: str, advice: str) -> list[Any]:
    """The columns of a row whose last one is the checksum of all others.

    Args:
        row: as it was read.
        what: what the row is, for the error.
        advice: what to do if it changed.

    Raises:
        GalleryDamagedError: it changed since it was written.
    """
    *fields, checksum = row
    if fields_checksum(fields) != checksum:
        raise GalleryDamagedError(f"{what} changed since it was written. {advice}")
    return fields
