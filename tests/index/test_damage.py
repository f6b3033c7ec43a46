"""A flipped bit anywhere in the file is refused, named by verify(), or lies where nothing is stored."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from tests.helpers.toy_gallery import embed, fill, filled, people
from textreid_index import Gallery, GalleryDamagedError, GalleryError, SourceState


def content(gallery: Gallery) -> list[object]:
    records = list(gallery.records())
    ids = [record.id for record in records]
    hits = gallery.search(embed(["q"]), 9)[0]
    thumbnails = [gallery.thumbnail(id) for id in ids]
    return [
        records,
        gallery.vectors(ids).tobytes(),
        thumbnails,
        gallery.sources(),
        gallery.encoder,
        hits.to_dicts(),
    ]


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    source = SourceState("photos/p0.jpg", 1, 2, "hog", "failed", 60, "reason", 4.5, "5f", 1)
    with Gallery.open(tmp_path / "g", create=True, backend="exact") as gallery:
        fill(gallery, people(60), source=source)
        before = content(gallery)
    file = tmp_path / "g" / "gallery.sqlite"
    intact = file.read_bytes()
    rng = random.Random(0)
    noticed = 0
    for _ in range(250):
        place, bit = rng.randrange(len(intact)), rng.randrange(8)
        file.write_bytes(intact[:place] + bytes([intact[place] ^ 1 << bit]) + intact[place + 1 :])
        try:
            with Gallery.open(tmp_path / "g", backend="exact") as gallery:
                problems = gallery.verify()
                if not problems:
                    assert content(gallery) == before, f"bit {bit} of byte {place} changed an answer unseen"
                noticed += bool(problems)
        except GalleryError:
            noticed += 1
    assert noticed > 25


def change(folder: Path, statement: str) -> None:
    db = sqlite3.connect(folder / "gallery.sqlite")
    db.execute(statement)
    db.commit()
    db.close()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE vectors SET vector = zeroblob(32) WHERE key = 3", "The vector of 'p002' changed"),
        ("UPDATE vectors SET vector = zeroblob(16) WHERE key = 3", "The vector of 'p002' changed"),
        ("UPDATE thumbnails SET jpeg = x'00' WHERE key = 1", "The thumbnail of 'p000' changed"),
        ("DELETE FROM thumbnails WHERE key = 1", "The thumbnail of 'p000' is missing"),
        ("DELETE FROM vectors WHERE key = 1", "The vector of 'p000' is missing"),
        ("UPDATE people SET camera = 'c9' WHERE key = 2", "The record of 'p001' changed"),
        ("UPDATE people SET key = 77 WHERE key = 2", "belongs to nobody"),
        ("UPDATE sources SET status = 'failed'", "The state of the source 'photos/p0.jpg' changed"),
        ("UPDATE gallery SET name = 'other'", "The gallery's own row changed"),
    ],
)
def test_verify_names_what_changed(tmp_path: Path, statement: str, problem: str) -> None:
    gallery, _, _ = filled(tmp_path / "g", 5)
    with gallery:
        gallery.mark(SourceState("photos/p0.jpg", 1, 1, ""))
    change(tmp_path / "g", statement)
    with Gallery.open(tmp_path / "g") as gallery:
        assert any(problem in line for line in gallery.verify()), gallery.verify()


@pytest.mark.parametrize("backend", ["exact", "flat"])
def test_a_damaged_vector_is_never_searched(tmp_path: Path, backend: str) -> None:
    filled(tmp_path / "g", 5)[0].close()
    change(
        tmp_path / "g", "UPDATE vectors SET vector = (SELECT vector FROM vectors WHERE key = 1) WHERE key = 3"
    )
    with Gallery.open(tmp_path / "g", backend=backend) as gallery:
        for _ in range(2):
            with pytest.raises(GalleryDamagedError, match="verify"):
                gallery.search(embed(["q"]), 3)
        assert gallery.delete(["p002"]) == 1
        assert len(gallery.search(embed(["q"]), 9)[0]) == 4


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    gallery, _, _ = filled(tmp_path / "g", 500)
    gallery.close()
    file = tmp_path / "g" / "gallery.sqlite"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(GalleryDamagedError, match=r"damaged\. Restore it"):
        Gallery.open(tmp_path / "g").search(embed(["q"]), 3)
