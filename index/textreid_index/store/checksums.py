"""CRC-32 over what a row holds: it finds flipped bits, it does not stop a forger."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence


def fields_checksum(fields: Sequence[object]) -> int:
    """CRC-32 of column values."""
    return zlib.crc32(json.dumps(list(fields), default=repr).encode())


def blob_checksum(key: int, blob: object) -> int:
    """CRC-32 of a blob and the key it is stored under; -1 where damage made it something else."""
    return zlib.crc32(blob, key & 0xFFFFFFFF) if isinstance(blob, bytes) else -1
