"""Pictures of more than 8 bits, or of floats, to 8 bits: thermal cameras, scanners, 10 and 12 bits in 16."""

from __future__ import annotations

import math

import numpy as np

_SAMPLE = 4_000_000
"""Values that are looked at to find the range of a picture, about."""

_BEYOND = 10_000
"""One value in so many may lie outside the range: pixels of a sensor that are dead or hot."""


def to_8_bits(values: np.ndarray) -> np.ndarray:
    """Scale by the range that occurs; what is not finite becomes black.

    The range is that of all values but one in ten thousand at either end, since sensors have dead pixels:

    - values that begin near 0 (below a quarter of the highest) are counted from 0 to the highest number of as
      many bits as the highest value needs: 12 bits in a file of 16 end at 4095. Floats up to 1 end at 1;
    - other values (temperatures in hundredths of a kelvin, in degrees, with a sign) are counted from the
      lowest to the highest. If all are the same they are black, or as bright as their bits say.

    Args:
        values: [H, W] or [H, W, channels], integers or floats.

    Returns:
        The same shape, uint8.
    """
    if values.dtype == np.uint8:
        return values
    low, high = _limits(values)
    scaled = np.empty(values.shape, np.uint8)
    rows = max(1, (1 << 20) // max(1, values[:1].size))
    for row in range(0, len(values), rows):
        some = values[row : row + rows].astype(np.float64)
        some[~_usable(some)] = low
        scaled[row : row + rows] = np.rint(255 * np.clip((some - low) / (high - low), 0, 1))
    return scaled


def _limits(values: np.ndarray) -> tuple[float, float]:
    """What becomes 0 and what becomes 255."""
    some = values.reshape(-1)[:: values.size // _SAMPLE | 1]
    some = some[_usable(some)]
    if not some.size:
        return 0.0, 1.0
    beyond = len(some) // _BEYOND
    ordered = np.partition(some, [beyond, len(some) - 1 - beyond])
    low, high = float(ordered[beyond]), float(ordered[-1 - beyond])
    if low < 0 or high / 4 < low < high:
        return low, high if high > low else low + 1.0
    if high <= 1 and np.issubdtype(values.dtype, np.floating):
        return 0.0, 1.0
    return 0.0, 2.0 ** max(1, math.ceil(math.log2(high + 1))) - 1


def _usable(values: np.ndarray) -> np.ndarray:
    return np.abs(values) < 1e300  # not infinite, not NaN, and their differences are not infinite either
