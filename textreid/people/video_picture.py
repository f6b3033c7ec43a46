"""A frame as it is shown: upright, with square pixels, in sRGB."""

from __future__ import annotations

from typing import Any

import numpy as np

from textreid.io.colour import h273, to_srgb


def picture(frame: Any, aspect: float) -> np.ndarray:
    """The pixels that a player shows.

    What the file says of its colours is followed: matrix, range, HLG, PQ, BT.2020 and P3. Without a word it
    is BT.601 in the usual range, as FFmpeg has it.

    Args:
        frame: decoded.
        aspect: width of a pixel by its height; the shorter side is stretched.

    Returns:
        [H, W, 3] uint8.
    """
    size = {"width": round(frame.width * max(aspect, 1)), "height": round(frame.height / min(aspect, 1))}
    space = h273(int(frame.color_primaries), int(frame.color_trc))
    if space is None:
        rgb = frame.to_ndarray(format="rgb24", **size)
    else:
        rgb = to_srgb(frame.to_ndarray(format="rgb48le", **size), space)
    return turned(rgb, display_matrix(frame))


def display_matrix(frame: Any) -> np.ndarray | None:
    """[3, 3] int32, FFmpeg's: (x, y) of the frame times it is the place on the screen; None: as it is."""
    for data in frame.side_data:
        if data.type.name == "DISPLAYMATRIX":
            return np.frombuffer(bytes(data)[:36], np.int32).reshape(3, 3)
    return None


def turned(image: np.ndarray, matrix: np.ndarray | None) -> np.ndarray:
    """An image [H, W, 3] turned by the nearest quarter and mirrored as the matrix says."""
    if matrix is None:
        return image
    (right_x, right_y), (down_x, down_y) = np.sign(matrix[:2, :2]) * (
        abs(matrix[:2, :2]) >= abs(matrix[:2, :2]).max(axis=1, keepdims=True)
    )
    if right_x == 0 or down_y == 0:
        image, right_x, down_y = image.transpose(1, 0, 2), down_x, right_y
    return np.ascontiguousarray(image[:: down_y or 1, :: right_x or 1])
