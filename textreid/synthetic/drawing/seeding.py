"""Random numbers that depend on what they are for, never on the order in which they are asked for."""

from __future__ import annotations

import zlib

import numpy as np


def rng(*keys: int | str) -> np.random.Generator:
    """A generator of its own for every tuple of keys: `rng(seed, "pose", 17)`.

    Args:
        keys: whole numbers (negative ones too) and words.

    Returns:
        A generator whose stream is the same in every process for the same keys.
    """
    words = [zlib.crc32(key.encode()) if isinstance(key, str) else key & 0xFFFFFFFFFFFFFFFF for key in keys]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))
