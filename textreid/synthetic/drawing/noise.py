"""Smooth noise, made once: the grain of cloth, walls and leaves."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

SIZE = 256


@cache
def tile(cell: int, layer: int = 0) -> np.ndarray:
    """[256, 256] float32 wrapping noise, mean 0, deviation 1, whose blobs are about `cell` pixels across."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([cell, layer, 77])))
    grain = rng.standard_normal((SIZE, SIZE)).astype(np.float32)
    wide = cv2.copyMakeBorder(grain, 64, 64, 64, 64, cv2.BORDER_WRAP)
    smooth = cv2.GaussianBlur(wide, (0, 0), cell / 2.5)[64:-64, 64:-64] if cell > 1 else grain
    return np.ascontiguousarray((smooth - smooth.mean()) / smooth.std())


def at(cell: int, x: np.ndarray, y: np.ndarray, layer: int = 0) -> np.ndarray:
    """Noise at given positions, in the unit of the tile's pixels.

    Args:
        cell: blob size in pixels.
        x: [N] float.
        y: [N] float.
        layer: independent noises have different layers.

    Returns:
        [N] float32.
    """
    return tile(cell, layer)[y.astype(np.int32) & (SIZE - 1), x.astype(np.int32) & (SIZE - 1)]
