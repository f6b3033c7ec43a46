"""A depth-buffered canvas that draws round limbs and ellipsoids and remembers their normals.

Frames: the body frame has x to the image's right when the person faces the camera, y up, z forwards, in
metres with the ground at y = 0. The view frame is the same after turning by yaw (0 faces the camera, 90
faces the image's right) and tilting by pitch (how far the camera looks down).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Paint = Callable[["Surface"], np.ndarray]
"""Colours a surface: returns [N, 3] float32 albedo in 0..1; a NaN row leaves the pixel unpainted."""

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


class Canvas:
    """Depth, normal and colour of every pixel of one figure.

    Args:
        width: pixels.
        height: pixels.
        scale: pixels per metre at the figure.
        yaw: radians; 0 faces the camera.
        pitch: radians the camera looks down.
        foot: (x, y) pixel of the body frame's origin.
        distance: metres from camera to figure; near parts look larger.
    """

    def __init__(
        self,
        width: int,
        height: int,
        scale: float,
        yaw: float,
        pitch: float,
        foot: tuple[float, float],
        distance: float = 8.0,
    ) -> None:
        self.scale, self.yaw, self.pitch, self.foot, self.distance = scale, yaw, pitch, foot, distance
        self.depth = np.full((height, width), -np.inf, np.float32)
        self.normal = np.zeros((height, width, 3), np.float32)
        self.albedo = np.zeros((height, width, 3), np.float32)
        self._turn = view_matrix(yaw, pitch)

    @property
    def mask(self) -> np.ndarray:
        """[H, W] bool: painted pixels."""
        return self.depth > -np.inf

    def project(self, point: np.ndarray) -> tuple[np.ndarray, float, float]:
        """Pixel position, depth in metres (larger is nearer) and pixels per metre of a body-frame point."""
        x, y, z = self._turn @ np.asarray(point, float)
        near = self.distance / (self.distance - z)
        size = self.scale * near
        return np.array([self.foot[0] + x * size, self.foot[1] - y * size]), float(z), float(size)

    def _window(
        self, low: np.ndarray, high: np.ndarray
    ) -> tuple[slice, slice, np.ndarray, np.ndarray] | None:
        height, width = self.depth.shape
        x0, y0 = np.maximum(np.floor(low).astype(int), 0)
        x1, y1 = np.minimum(np.ceil(high).astype(int) + 1, (width, height))
        if x0 >= x1 or y0 >= y1:
            return None
        xs = np.arange(x0, x1, dtype=np.float32) + 0.5
        ys = np.arange(y0, y1, dtype=np.float32)[:, None] + 0.5
        return slice(y0, y1), slice(x0, x1), xs, ys

    def _commit(
        self,
        rows: slice,
        cols: slice,
        where: tuple[np.ndarray, np.ndarray],
        depth: np.ndarray,
        normal: np.ndarray,
        surface: Surface,
        paint: Paint,
    ) -> None:
        colour = paint(surface)
        keep = colour[:, 0] == colour[:, 0]
        if not keep.all():
            where = (where[0][keep], where[1][keep])
            depth, normal, colour = depth[keep], normal[keep], colour[keep]
        at = (where[0] + rows.start, where[1] + cols.start)
        self.depth[at] = depth
        self.normal[at] = normal
        self.albedo[at] = colour

    def limb(
        self,
        start: np.ndarray,
        end: np.ndarray,
        profile: np.ndarray,
        paint: Paint,
        *,
        caps: tuple[float, float] = (1.0, 1.0),
        lift: float = 0.0,
    ) -> None:
        """Draw a straight limb with an elliptic cross-section that changes along it.

        Args:
            start: [3] body frame, metres.
            end: [3] body frame, metres.
            profile: [K, 2] half width and half depth in metres at K even steps from start to end.
            paint: its colours.
            caps: how round each end is (0 cuts it flat, 1 is a half ball).
            lift: metres nearer to the camera, to settle which of two touching parts shows.
        """
        (a, za, sa), (b, zb, sb) = self.project(start), self.project(end)
        size = (sa + sb) / 2
        axis = b - a
        length = max(float(np.hypot(*axis)), 1e-3)
        ex, ey = axis / length
        cos, sin = np.cos(self.yaw), np.sin(self.yaw)
        half = np.hypot(profile[:, 0] * cos, profile[:, 1] * sin)
        fine = np.linspace(0, len(profile) - 1, LEVELS + 1)
        knots = np.arange(len(profile))
        wide = _smooth(np.interp(fine, knots, half)) * np.float32(size)
        rx = np.interp(fine, knots, profile[:, 0]).astype(np.float32)
        rz = np.interp(fine, knots, profile[:, 1]).astype(np.float32)
        slope = np.gradient(wide, max(length, 0.35 * wide.max()) / LEVELS).astype(np.float32)
        pad = wide.max() + 1
        window = self._window(np.minimum(a, b) - pad, np.maximum(a, b) + pad)
        if window is None:
            return
        rows, cols, xs, ys = window
        dx, dy = xs - np.float32(a[0]), ys - np.float32(a[1])
        q = dx * np.float32(ex) + dy * np.float32(ey)
        across = dx * np.float32(-ey) + dy * np.float32(ex)
        if ey > 0 or (ey == 0 and ex < 0):  # keep "across" pointing to the image's right for a downward axis
            across = -across
        step = np.clip(q * np.float32(LEVELS / length), 0, LEVELS).astype(np.int32)
        reach = wide[step]
        over = np.maximum(
            np.maximum(
                -q / np.float32(max(caps[0] * wide[0], 1e-3)),
                (q - np.float32(length)) / np.float32(max(caps[1] * wide[-1], 1e-3)),
            ),
            0,
        )
        shrink = np.sqrt(np.maximum(1 - over * over, 0))
        s = across / np.maximum(reach * shrink, 1e-3)
        inside = (np.abs(s) < 1) & (over < 1)
        where = np.nonzero(inside)
        if not len(where[0]):
            return
        s, step, q, over, shrink = s[where], step[where], q[where], over[where], shrink[where]
        rx, rz = rx[step], rz[step]
        phi = np.arctan2(rz * sin, rx * cos)
        theta = np.arcsin(s) - phi
        sin_t, cos_t = np.sin(theta), np.cos(theta)
        bulge = (-rx * sin_t * sin + rz * cos_t * cos) * shrink
        t = np.clip(q / np.float32(length), 0, 1)
        depth = np.float32(za) + t * np.float32(zb - za) + bulge + np.float32(lift)
        front = depth > self.depth[rows, cols][where]
        if not front.any():
            return
        where = (where[0][front], where[1][front])
        s, step, q, over, t, theta, depth = (
            s[front],
            step[front],
            q[front],
            over[front],
            t[front],
            theta[front],
            depth[front],
        )
        flat = np.sqrt(np.maximum(1 - s * s, 0))
        ends = np.where(q < 0, -over, 0.35 * over) - slope[step] * (over == 0)
        side = -1.0 if (ey > 0 or (ey == 0 and ex < 0)) else 1.0
        nx = side * s * np.float32(-ey) + ends * np.float32(ex)
        ny = side * s * np.float32(ex) + ends * np.float32(ey)
        normal = np.stack([nx, -ny, flat], 1)
        normal /= np.sqrt((normal * normal).sum(1, keepdims=True)) + 1e-6
        theta = np.mod(theta + np.pi, 2 * np.pi) - np.pi
        real = float(np.linalg.norm(np.asarray(end) - np.asarray(start)))
        self._commit(rows, cols, where, depth, normal, Surface(theta, t * np.float32(real), t), paint)

    def ellipsoid(self, centre: np.ndarray, axes: np.ndarray, paint: Paint, *, lift: float = 0.0) -> None:
        """Draw an ellipsoid.

        Args:
            centre: [3] body frame, metres.
            axes: [3, 3] its half axes as columns, body frame, metres: right, up and forward of the part; or
                [3] lengths along the body's own axes.
            paint: its colours; `along` is -1..1 from bottom to top, `around` 0 at the part's front.
            lift: metres nearer to the camera.
        """
        if np.ndim(axes) == 1:
            axes = np.diag(axes)
        middle, z0, size = self.project(centre)
        shape = self._turn @ axes
        quadric = np.linalg.inv(shape @ shape.T)
        reach = np.sqrt((shape[:2] ** 2).sum(1)) * size + 1
        window = self._window(middle - reach, middle + reach)
        if window is None:
            return
        rows, cols, xs, ys = window
        x = (xs - np.float32(middle[0])) / np.float32(size)
        y = -(ys - np.float32(middle[1])) / np.float32(size)
        qa = np.float32(quadric[2, 2])
        qb = np.float32(quadric[0, 2]) * x + np.float32(quadric[1, 2]) * y
        qc = np.float32(quadric[0, 0]) * x * x + np.float32(2 * quadric[0, 1]) * x * y
        qc = qc + np.float32(quadric[1, 1]) * y * y - 1
        root = qb * qb - qa * qc
        where = np.nonzero(root > 0)
        if not len(where[0]):
            return
        x = np.broadcast_to(x, root.shape)[where]
        y = np.broadcast_to(y, root.shape)[where]
        z = (-qb[where] + np.sqrt(root[where])) / qa
        depth = z + np.float32(z0 + lift)
        front = depth > self.depth[rows, cols][where]
        if not front.any():
            return
        where = (where[0][front], where[1][front])
        point = np.stack([x[front], y[front], z[front]])
        normal = (quadric.astype(np.float32) @ point).T
        normal /= np.sqrt((normal * normal).sum(1, keepdims=True)) + 1e-6
        local = np.linalg.inv(shape).astype(np.float32) @ point
        around = np.arctan2(local[0], local[2])
        self._commit(
            rows, cols, where, depth[front], normal, Surface(around, local[1], (local[1] + 1) / 2), paint
        )


def move(point: np.ndarray, left: float, up: float, ahead: float) -> np.ndarray:
    """[3] a body-frame point moved by metres to the person's left, up and forwards."""
    return point + np.array([left, up, ahead])


def _smooth(values: np.ndarray) -> np.ndarray:
    """[K] the same curve without corners; its ends stay."""
    padded = np.pad(values, len(_BUMP) // 2, mode="edge")
    return np.convolve(padded, _BUMP, mode="valid").astype(np.float32)


_BUMP = np.hanning(31)[1:-1] / np.hanning(31).sum()


def view_matrix(yaw: float, pitch: float) -> np.ndarray:
    """[3, 3] rotation from the body frame to the view frame (x right, y up, z towards the camera)."""
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    tilt = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    return tilt @ turn
