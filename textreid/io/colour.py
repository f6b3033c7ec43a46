"""Pictures of other colour spaces to sRGB: high dynamic range (PQ, HLG), BT.2020, Display P3, PNG's gamma.

What a film, a PNG (`cICP`) or an AVIF says of its colours are code points of ITU-T H.273; `h273` makes a
`ColourSpace` of them and `to_srgb` converts. ICC profiles are another language: `textreid.io.icc`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

REFERENCE_WHITE = 203.0
"""cd/m² of white paper in PQ and HLG (ITU-R BT.2408), which becomes white, as does what is brighter."""

Chromaticities = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""x and y of red, green, blue and white (CIE 1931)."""

_D65 = (0.3127, 0.3290)
BT709: Chromaticities = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65)
_PRIMARIES: dict[int, Chromaticities] = {
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),  # BT.2020, BT.2100
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),  # P3 of cinemas
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),  # Display P3
}
_HLG_GAMMA, _HLG_PEAK = 1.2, 1000.0  # of the reference display (BT.2100)
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_LEVELS = 1 << 14  # steps of linear light in the table that ends in sRGB: under half a level of 8 bits each
_ROWS_AT_ONCE = 1 << 20  # pixels that are floats at one time


@dataclass(frozen=True)
class ColourSpace:
    """What the numbers of a picture mean.

    Attributes:
        chromaticities: of its primaries and white.
        to_linear: values from 0 to 1 -> light, in which a white sheet of paper is 1.
        scene_gamma: what the light of each pixel is multiplied by is its luminance to this power; HLG alone
            has one other than 0.
    """

    chromaticities: Chromaticities
    to_linear: Callable[[np.ndarray], np.ndarray]
    scene_gamma: float = 0.0


def h273(primaries: int, transfer: int) -> ColourSpace | None:
    """The colour space of two code points of ITU-T H.273; None: sRGB, or nearly so.

    Film of the ordinary kind (BT.601, BT.709) is shown as sRGB by every player, and so it is here.
    """
    to_linear = {4: _power(2.2), 5: _power(2.8), 8: _power(1.0), 16: pq_to_linear, 18: hlg_to_linear}
    if primaries not in _PRIMARIES and transfer not in to_linear:
        return None
    return ColourSpace(
        _PRIMARIES.get(primaries, BT709),
        to_linear.get(transfer, srgb_to_linear),
        _HLG_GAMMA - 1 if transfer == 18 else 0.0,
    )


def gamma_space(gamma: float, chromaticities: Chromaticities = BT709) -> ColourSpace:
    """Values are light to the power of `gamma`, as PNG has it: 0.45455 is nearly sRGB, 1.0 is linear."""
    return ColourSpace(chromaticities, _power(1 / gamma))


def to_srgb(rgb: np.ndarray, space: ColourSpace) -> np.ndarray:
    """Convert to sRGB; colours outside it become the nearest ones by channel.

    Args:
        rgb: [H, W, 3] uint8, or uint16 of which 65535 is the highest value, all of full range.
        space: what its values mean.

    Returns:
        [H, W, 3] uint8.
    """
    top = np.iinfo(rgb.dtype).max
    linear = space.to_linear(np.arange(top + 1) / top).astype(np.float32)
    matrix = to_bt709(space.chromaticities).astype(np.float32).T
    luminance = _to_xyz(space.chromaticities)[1].astype(np.float32)
    encoded = np.rint(255 * linear_to_srgb(np.arange(_LEVELS) / (_LEVELS - 1))).astype(np.uint8)
    converted = np.empty(rgb.shape, np.uint8)
    step = max(1, _ROWS_AT_ONCE // max(1, rgb.shape[1]))
    for row in range(0, len(rgb), step):
        light = linear[rgb[row : row + step]]
        if space.scene_gamma:
            light *= ((light @ luminance) ** space.scene_gamma)[..., None]
        levels = np.clip((light @ matrix) * (_LEVELS - 1) + 0.5, 0, _LEVELS - 1)
        converted[row : row + step] = encoded[levels.astype(np.uint16)]
    return converted


def pq_to_linear(values: np.ndarray) -> np.ndarray:
    """The inverse of the PQ curve (SMPTE ST 2084), 0-1 -> light in units of `REFERENCE_WHITE`."""
    power = values ** (1 / 78.84375)
    light = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
    return 10_000 / REFERENCE_WHITE * light ** (1 / 0.1593017578125)


def hlg_to_linear(values: np.ndarray) -> np.ndarray:
    """The inverse of the HLG curve (BT.2100), 0-1 -> light of the scene.

    Multiplied by its luminance to the power of 0.2 it is light in units of `REFERENCE_WHITE`.
    """
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)
    return scene * (_HLG_PEAK / REFERENCE_WHITE) ** (1 / _HLG_GAMMA)


def srgb_to_linear(values: np.ndarray) -> np.ndarray:
    """Values of sRGB (IEC 61966-2-1), 0-1 -> light, 0-1."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(light: np.ndarray) -> np.ndarray:
    """Light, 0-1 -> sRGB, 0-1."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def to_bt709(chromaticities: Chromaticities) -> np.ndarray:
    """[3, 3] float64: linear RGB of these primaries -> linear RGB of BT.709; white stays white (Bradford)."""
    source, target = _to_xyz(chromaticities), _to_xyz(BT709)
    cones = _BRADFORD @ np.stack([source.sum(axis=1), target.sum(axis=1)], axis=1)
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(cones[:, 1] / cones[:, 0]) @ _BRADFORD
    return np.linalg.inv(target) @ adapted @ source


def _to_xyz(chromaticities: Chromaticities) -> np.ndarray:
    """[3, 3]: linear RGB -> CIE XYZ with a white of luminance 1."""
    x, y = np.array(chromaticities).T
    xyz = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    return xyz[:, :3] * np.linalg.solve(xyz[:, :3], xyz[:, 3])


def _power(exponent: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda values: values**exponent
