"""What the header of a safetensors file says, without its weights: eight bytes of length, then JSON."""

from __future__ import annotations

import math
import struct
from pathlib import Path

from textreid.io.plain_data import parse_json

LONGEST = 100_000_000
"""Bytes, as the format has it."""


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Name of each tensor -> its shape.

    Raises:
        ValueError: the file is no safetensors.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        size = file.read(8)
        length = struct.unpack("<Q", size)[0] if len(size) == 8 else 0
        if not 0 < length <= min(LONGEST, path.stat().st_size):
            raise ValueError(f"'{path.name}' is no safetensors file, or was cut off")
        header = parse_json(file.read(length).decode())
    if not isinstance(header, dict):
        raise ValueError(f"the header of '{path.name}' is damaged")
    return {name: _shape(name, entry) for name, entry in header.items() if name != "__metadata__"}


def count_weights(path: Path) -> int:
    """How many numbers a file holds.

    Raises:
        ValueError: the file is no safetensors.
        OSError: it cannot be read.
    """
    return sum(map(math.prod, read_shapes(path).values()))


def _shape(name: str, entry: object) -> tuple[int, ...]:
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"'{name}' has no shape in the header of the file")
    return tuple(shape)
