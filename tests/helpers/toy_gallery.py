"""Small people with vectors whose neighbours can be worked out by a plain loop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from textreid_index import Embeddings, EncoderInfo, Gallery, Record, SourceState, Where

TOY = EncoderInfo("toy", "0123456789abcdef", 8)


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def embed(ids: Sequence[str], seed: int = 0, encoder: EncoderInfo = TOY) -> Embeddings:
    rows = np.random.default_rng(seed).standard_normal((len(ids), encoder.dim))
    return Embeddings(tuple(ids), unit(rows), encoder)


def people(count: int, prefix: str = "p") -> list[Record]:
    """`count` people on three cameras, one a second, ten a photo; every seventh without a time."""
    return [
        Record(
            id=f"{prefix}{number:03}",
            source=f"photos/{prefix}{number // 10}.jpg",
            box=(1.5, 2.0, 30.0, 90.0),
            camera=f"c{number % 3}",
            time=None if number % 7 == 0 else 1_700_000_000.0 + number,
            offset=float(number),
            frame=number,
            track=number,
        )
        for number in range(count)
    ]


def thumbnails(records: Sequence[Record]) -> list[bytes]:
    return [b"\xff\xd8 thumbnail of " + record.id.encode() for record in records]


def fill(
    gallery: Gallery, records: Sequence[Record], seed: int = 0, source: SourceState | None = None
) -> Embeddings:
    embeddings = embed([record.id for record in records], seed)
    gallery.add(records, embeddings, thumbnails(records), source=source)
    return embeddings


def filled(path: Path, count: int, backend: str = "auto") -> tuple[Gallery, list[Record], Embeddings]:
    gallery = Gallery.open(path, create=True, backend=backend)
    records = people(count)
    return gallery, records, fill(gallery, records)


def accepts(where: Where, record: Record) -> bool:
    """The filter in words, one record at a time."""
    if where.camera is not None and record.camera != where.camera:
        return False
    if where.since is not None and (record.time is None or record.time < where.since):
        return False
    if where.until is not None and (record.time is None or record.time > where.until):
        return False
    if where.offset_since is not None and (record.offset is None or record.offset < where.offset_since):
        return False
    if where.offset_until is not None and (record.offset is None or record.offset > where.offset_until):
        return False
    if where.source is not None and record.source != where.source:
        folder = where.source if where.source.endswith("/") else where.source + "/"
        if not record.source.startswith(folder) and not record.source.startswith(where.source + "!"):
            return False
    return record.id not in where.exclude


def loop(
    records: list[Record], vectors: np.ndarray, query: np.ndarray, k: int, where: Where
) -> list[tuple[str, float]]:
    """Every cosine by itself, sorted by score and then id."""
    scored = []
    for record, vector in zip(records, vectors, strict=True):
        if accepts(where, record):
            cosine = sum(float(a) * float(b) for a, b in zip(vector, query, strict=True))
            scored.append((-float(np.float32(cosine)), record.id))
    return [(id, -score) for score, id in sorted(scored)[:k]]
