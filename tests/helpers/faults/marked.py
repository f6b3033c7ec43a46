"""A picture with a mark in its pixels and in its name, and where something of it is found."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

NAME = "Mark7f3aQ"
PIECE = 24
"""Bytes that two pictures have in common only if one was made from the other."""


def draw_marked(size: tuple[int, int] = (40, 100), seed: int = 7) -> Image.Image:
    """Noise: no two pieces of its file are alike, nor like those of another picture."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8))


def write_marked(folder: Path, seed: int = 7) -> Path:
    """The picture as a JPEG file whose name bears the mark."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{NAME}-{seed}.jpg"
    draw_marked(seed=seed).save(file, quality=90)
    return file


def find_pieces(of: Iterable[bytes], folders: Iterable[Path]) -> list[str]:
    """The files below these folders in which a piece of these pictures is found."""
    pieces = [piece for jpeg in of for piece in _pieces(jpeg)]
    return [str(file) for file, content in _contents(folders) if any(piece in content for piece in pieces)]


def find_name(folders: Iterable[Path]) -> list[str]:
    """The files and folders below these whose name bears the mark, or in which it is written."""
    named = [str(path) for folder in folders for path in folder.rglob("*") if NAME in path.name]
    written = [str(file) for file, content in _contents(folders) if NAME.encode() in content]
    return sorted({*named, *written})


def to_jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _pieces(jpeg: bytes) -> list[bytes]:
    """Pieces of what stands behind the tables that many JPEG files have in common."""
    start = jpeg.index(b"\xff\xda") + 14
    return [jpeg[place : place + PIECE] for place in range(start, len(jpeg) - PIECE, 97)]


def _contents(folders: Iterable[Path]) -> Iterable[tuple[Path, bytes]]:
    for folder in folders:
        for file in folder.rglob("*"):
            if file.is_file():
                yield file, file.read_bytes()
