"""A depth-buffered canvas that remembers the normal and the colour of every pixel.

Frames: the body frame has x to the image's right when the person faces the camera, y up, z forwards, in
metres with the ground at y = 0. The view frame is the same after turning by yaw (0 faces the camera, 90
faces the image's right) and tilting by pitch (how far the camera looks down).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from textreid.synthetic.drawing.shapes import Ellipsoid, Limb, Shape, Surface

Paint = Callable[[Surface], np.ndarray]
"""Colours a surface: returns [N, 3] float32 albedo in 0..1; a NaN row leaves the pixel unpainted."""


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
        self.scale, self.yaw, self.foot, self.distance = scale, yaw, foot, distance
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
        size = self.scale * self.distance / (self.distance - z)
        return np.array([self.foot[0] + x * size, self.foot[1] - y * size]), float(z), float(size)

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
        (a, near, size_a), (b, far, size_b) = self.project(start), self.project(end)
        size, length = (size_a + size_b) / 2, float(np.linalg.norm(end - start))
        shape = Limb((a, b), (near + lift, far + lift), size, length, profile, caps, self.yaw)
        self._draw(shape, paint)

    def ellipsoid(self, centre: np.ndarray, axes: np.ndarray, paint: Paint) -> None:
        """Draw an ellipsoid.

        Args:
            centre: [3] body frame, metres.
            axes: [3, 3] its half axes as columns, body frame, metres: right, up and forward of the part; or
                [3] lengths along the body's own axes.
            paint: its colours; `along` is -1..1 from bottom to top, `around` 0 at the part's front.
        """
        middle, depth, size = self.project(centre)
        self._draw(
            Ellipsoid(middle, depth, size, self._turn @ (np.diag(axes) if axes.ndim == 1 else axes)), paint
        )

    def _draw(self, shape: Shape, paint: Paint) -> None:
        height, width = self.depth.shape
        x0, y0 = np.maximum(np.floor(shape.low).astype(int), 0)
        x1, y1 = np.minimum(np.ceil(shape.high).astype(int) + 1, (width, height))
        if x0 >= x1 or y0 >= y1:
            return
        xs = np.arange(x0, x1, dtype=np.float32) + 0.5
        ys = np.arange(y0, y1, dtype=np.float32)[:, None] + 0.5
        hits = shape.hits(xs, ys)
        rows, cols, depth = hits.rows + y0, hits.cols + x0, hits.depth
        shown = depth > self.depth[rows, cols]
        if not shown.any():
            return
        normal, surface = hits.finish(shown)
        colour = paint(surface)
        painted = ~np.isnan(colour[:, 0])
        at = (rows[shown][painted], cols[shown][painted])
        self.depth[at] = depth[shown][painted]
        self.normal[at] = normal[painted]
        self.albedo[at] = colour[painted]


def move(point: np.ndarray, left: float, up: float, ahead: float) -> np.ndarray:
    """[3] a body-frame point moved by metres to the person's left, up and forwards."""
    return point + np.array([left, up, ahead])


def view_matrix(yaw: float, pitch: float) -> np.ndarray:
    """[3, 3] rotation from the body frame to the view frame (x right, y up, z towards the camera)."""
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    tilt = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    return tilt @ turn
