"""A film of one colour, encoded by the definitions of the standards and not by the code under test."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

KR_KB = {1: (0.2126, 0.0722), 2: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
"""Weights of red and blue in luma by code point of the matrix."""

FROM_709 = {  # linear light of BT.709 -> of other primaries (BT.2087 and Display P3)
    9: np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]),
    12: np.array([[0.8225, 0.1775, 0.0], [0.0332, 0.9668, 0.0], [0.0171, 0.0724, 0.9105]]),
}


def write_coloured_film(
    path: Path, srgb: tuple[int, int, int], matrix: int, span: int, transfer: int, primaries: int
) -> Path:
    """Half a second of ten frames a second, 128 x 128, in ten bits, with these labels."""
    y, cb, cr = (round(value) for value in _ycbcr(srgb, matrix, span, transfer, primaries))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width = stream.height = 128
        stream.pix_fmt = "yuv420p10le"
        context = stream.codec_context
        context.colorspace, context.color_range = matrix, span
        context.color_trc, context.color_primaries = transfer, primaries
        for _ in range(5):
            planes = [np.full((128, 128), y), np.full((32, 128), cb), np.full((32, 128), cr)]
            frame = av.VideoFrame.from_ndarray(np.vstack(planes).astype(np.uint16), format="yuv420p10le")
            frame.colorspace, frame.color_range = matrix, span
            frame.color_trc, frame.color_primaries = transfer, primaries
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _ycbcr(
    srgb: tuple[int, int, int], matrix: int, span: int, transfer: int, primaries: int
) -> tuple[float, float, float]:
    coded = np.array(srgb) / 255
    if primaries in FROM_709:
        light = FROM_709[primaries] @ np.where(
            coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4
        )
        coded = _coded(light, transfer)
    red, green, blue = coded
    kr, kb = KR_KB[matrix]
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)
    if span == 2:
        return 1023 * luma, 512 + 1023 * cb, 512 + 1023 * cr
    return 64 + 876 * luma, 512 + 896 * cb, 512 + 896 * cr


def _coded(light: np.ndarray, transfer: int) -> np.ndarray:
    """Light, of which 1 is white paper at 203 cd/m², as the signal of a transfer function."""
    if transfer == 16:
        power = (light * 203 / 10_000) ** 0.1593017578125
        return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    if transfer == 18:
        shown = light * 0.203  # of a display of 1,000 cd/m², whose gamma is 1.2
        luminance = shown @ (0.2627, 0.6780, 0.0593)
        scene = shown * luminance ** (1 / 1.2 - 1)
        log = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
        return np.where(scene <= 1 / 12, np.sqrt(3 * scene), log)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
