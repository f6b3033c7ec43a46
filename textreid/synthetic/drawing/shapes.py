"""The two shapes that people are made of, seen by a camera: round limbs and ellipsoids.

A shape is asked which pixels it covers and how near it is there; only where it is the nearest is it asked for
normals and for its own coordinates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

LEVELS = 192  # steps along a limb


@dataclass(frozen=True)
class Surface:
    """The visible pixels of one part, in the part's own coordinates.

    Attributes:
        around: [N] float32, radians around the axis; 0 is the front, positive to the person's left.
        along: [N] float32, metres from the start of a limb; -1..1 from bottom to top on an ellipsoid.
        t: [N] float32, 0..1 from start to end.
    """

    around: np.ndarray
    along: np.ndarray
    t: np.ndarray


Finish = Callable[[np.ndarray], tuple[np.ndarray, Surface]]
"""[N] bool mask of the pixels that show -> their [M, 3] float32 normals and their surface."""


@dataclass(frozen=True)
class Hits:
    """The pixels that a shape covers.

    Attributes:
        rows: [N] within the window asked for.
        cols: [N] within the window asked for.
        depth: [N] float32 metres, larger is nearer.
        finish: normals and surface of those that show.
    """

    rows: np.ndarray
    cols: np.ndarray
    depth: np.ndarray
    finish: Finish


class Shape(Protocol):
    """Something that can be drawn on a canvas."""

    low: np.ndarray
    """[2] x, y of the corner of a window that holds it."""
    high: np.ndarray
    """[2] x, y of the opposite corner."""

    def hits(self, xs: np.ndarray, ys: np.ndarray) -> Hits:
        """The covered pixels among those with middles at xs [W] and ys [H, 1]."""
        ...


class Limb:
    """A straight limb with an elliptic cross-section that changes along it.

    Args:
        ends: pixel position (x, y) of start and end.
        depths: metres of start and end, larger is nearer.
        size: pixels per metre.
        length: metres from start to end.
        profile: [K, 2] half width and half depth in metres at K even steps.
        caps: how round each end is (0 cuts it flat, 1 is a half ball).
        yaw: radians that the body is turned.
    """

    def __init__(
        self,
        ends: tuple[np.ndarray, np.ndarray],
        depths: tuple[float, float],
        size: float,
        length: float,
        profile: np.ndarray,
        caps: tuple[float, float],
        yaw: float,
    ) -> None:
        axis = ends[1] - ends[0]
        self._pixels = max(float(np.hypot(*axis)), 1e-3)
        self._start, self._axis = ends[0].astype(np.float32), (axis / self._pixels).astype(np.float32)
        self._depths, self._length, self._caps = depths, length, caps
        self._cos, self._sin = np.cos(yaw), np.sin(yaw)
        fine, knots = np.linspace(0, len(profile) - 1, LEVELS + 1), np.arange(len(profile))
        half = np.hypot(profile[:, 0] * self._cos, profile[:, 1] * self._sin)
        self._half = _smooth(np.interp(fine, knots, half)) * np.float32(size)
        self._rx, self._rz = (np.interp(fine, knots, side).astype(np.float32) for side in profile.T)
        widest = self._half.max()
        self._slope = np.gradient(self._half, max(self._pixels, 0.35 * widest) / LEVELS).astype(np.float32)
        self.low = np.minimum(*ends) - widest - 1
        self.high = np.maximum(*ends) + widest + 1

    def hits(self, xs: np.ndarray, ys: np.ndarray) -> Hits:
        """See `Shape`."""
        (ex, ey), length = self._axis, np.float32(self._pixels)
        dx, dy = xs - self._start[0], ys - self._start[1]
        q = dx * ex + dy * ey
        # "across" points to the image's right, also along an axis that goes down
        side = np.float32(-1.0 if ey > 0 or (ey == 0 and ex < 0) else 1.0)
        across = (dx * -ey + dy * ex) * side
        step = np.clip(q * (np.float32(LEVELS) / length), 0, LEVELS).astype(np.int32)
        before = -q / max(self._caps[0] * self._half[0], np.float32(1e-3))
        beyond = (q - length) / max(self._caps[1] * self._half[-1], np.float32(1e-3))
        over = np.maximum(np.maximum(before, beyond), 0)
        shrink = np.sqrt(np.maximum(1 - over * over, 0))
        s = across / np.maximum(self._half[step] * shrink, 1e-3)
        rows, cols = np.nonzero((np.abs(s) < 1) & (over < 1))
        s, step, q, over, shrink = (a[rows, cols] for a in (s, step, q, over, shrink))
        rx, rz = self._rx[step], self._rz[step]
        around = np.arcsin(s) - np.arctan2(rz * self._sin, rx * self._cos)
        bulge = (-rx * np.sin(around) * self._sin + rz * np.cos(around) * self._cos) * shrink
        t = np.clip(q / length, 0, 1)
        near, far = self._depths
        depth = np.float32(near) + t * np.float32(far - near) + bulge

        def finish(shown: np.ndarray) -> tuple[np.ndarray, Surface]:
            ends = np.where(q < 0, -over, 0.35 * over) - self._slope[step] * (over == 0)
            ends, sideways = ends[shown], side * s[shown]
            flat = np.sqrt(np.maximum(1 - sideways * sideways, 0))
            normal = np.stack([ends * ex - sideways * ey, -(sideways * ex + ends * ey), flat], 1)
            turned = np.mod(around[shown] + np.pi, 2 * np.pi) - np.pi
            return _unit(normal), Surface(turned, t[shown] * np.float32(self._length), t[shown])

        return Hits(rows, cols, depth.astype(np.float32), finish)


class Ellipsoid:
    """An ellipsoid.

    Args:
        middle: pixel position (x, y) of its centre.
        depth: metres of its centre, larger is nearer.
        size: pixels per metre.
        axes: [3, 3] half axes as columns (its right, up and front), view frame, metres.
    """

    def __init__(self, middle: np.ndarray, depth: float, size: float, axes: np.ndarray) -> None:
        self._middle, self._size = middle.astype(np.float32), np.float32(size)
        self._depth = depth
        self._inside = np.linalg.inv(axes).astype(np.float32)
        self._quadric = np.linalg.inv(axes @ axes.T).astype(np.float32)
        reach = np.sqrt((axes[:2] ** 2).sum(1)) * size + 1
        self.low, self.high = middle - reach, middle + reach

    def hits(self, xs: np.ndarray, ys: np.ndarray) -> Hits:
        """See `Shape`; z solves point' Q point = 1 along the line of sight."""
        x, y = (xs - self._middle[0]) / self._size, -(ys - self._middle[1]) / self._size
        q = self._quadric
        b = q[0, 2] * x + q[1, 2] * y
        c = q[0, 0] * x * x + 2 * q[0, 1] * x * y + q[1, 1] * y * y - 1
        root = b * b - q[2, 2] * c
        rows, cols = np.nonzero(root > 0)
        z = (np.sqrt(root[rows, cols]) - b[rows, cols]) / q[2, 2]
        points = np.stack([np.broadcast_to(a, root.shape)[rows, cols] for a in (x, y)] + [z])

        def finish(shown: np.ndarray) -> tuple[np.ndarray, Surface]:
            right, up, front = self._inside @ points[:, shown]
            surface = Surface(np.arctan2(right, front), up, (up + 1) / 2)
            return _unit((q @ points[:, shown]).T), surface

        return Hits(rows, cols, z + np.float32(self._depth), finish)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / (np.sqrt((vectors * vectors).sum(1, keepdims=True)) + 1e-6)).astype(np.float32)


def _smooth(values: np.ndarray) -> np.ndarray:
    """[K] the same curve without corners; its ends stay."""
    padded = np.pad(values, len(_BUMP) // 2, mode="edge")
    return np.convolve(padded, _BUMP, mode="valid").astype(np.float32)


_BUMP = np.hanning(31)[1:-1] / np.hanning(31).sum()
