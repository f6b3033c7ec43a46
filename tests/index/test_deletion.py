"""Deleted means gone: from every answer, every open handle, and every byte of the gallery's files."""

from __future__ import annotations

import hashlib
import random
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.toy_gallery import TOY, embed, fill, filled, people, unit
from textreid_index import (
    Embeddings,
    Gallery,
    GalleryBusyError,
    GalleryFullError,
    Record,
    UnknownPersonError,
    Where,
)


def raw(folder: Path) -> bytes:
    return b"\0".join(file.read_bytes() for file in sorted(folder.iterdir()))


def secrets(seed: int, count: int) -> tuple[list[Record], Embeddings, list[bytes]]:
    """People whose every stored part can be recognised in a heap of bytes."""
    rng = random.Random(seed)
    names = [hashlib.sha256(f"{seed}-{number}".encode()).hexdigest() for number in range(count)]
    records = [
        Record(f"ID{name}", f"SOURCE{name}.jpg", camera=f"CAMERA{name}", time=rng.random() * 1e9)
        for name in names
    ]
    vectors = unit(np.random.default_rng(seed).standard_normal((count, 8)))
    jpegs = [b"JPEG" + name.encode() + rng.randbytes(rng.randint(0, 20_000)) for name in names]
    return records, Embeddings(tuple(record.id for record in records), vectors, TOY), jpegs


def traces(content: bytes, record: Record, vector: np.ndarray, jpeg: bytes) -> list[str]:
    """Which parts of a person can be found in a heap of bytes."""
    parts = {
        "id": record.id.encode(),
        "source": record.source.encode(),
        "camera": str(record.camera).encode(),
        "vector": vector.tobytes(),
        "half a vector": vector.tobytes()[:16],
        "thumbnail": jpeg[:68],
        "end of thumbnail": jpeg[-60:],
    }
    return [name for name, part in parts.items() if part in content]


def test_no_byte_of_the_deleted_is_left(tmp_path: Path) -> None:
    """Random adding and deleting, so that SQLite splits and merges pages and leaves copies in their gaps."""
    rng = random.Random(0)
    live: dict[str, tuple[Record, np.ndarray, bytes]] = {}
    dead: dict[str, tuple[Record, np.ndarray, bytes]] = {}
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        for step in range(12):
            records, embeddings, jpegs = secrets(step, 40)
            gallery.add(records, embeddings, jpegs)
            live |= {r.id: (r, v, j) for r, v, j in zip(records, embeddings.vectors, jpegs, strict=True)}
            going = rng.sample(sorted(live), 30)
            dead |= {id: live.pop(id) for id in going}
            gallery.delete(going[:-1])
            gallery.forget(dead[going[-1]][0].source)
        assert len(dead) == 360
        content = raw(tmp_path / "g")
        assert {id: found for id, person in dead.items() if (found := traces(content, *person))} == {}
        assert all(len(traces(content, *person)) == 7 for person in live.values())
        assert gallery.verify() == []
        assert len(gallery) == len(live)


def test_the_file_shrinks(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        records, embeddings, jpegs = secrets(0, 100)
        gallery.add(records, embeddings, jpegs)
        gallery.delete(embeddings.ids[1:])
        assert gallery.stats().bytes < 150_000


def test_unreachable_by_every_route(tmp_path: Path) -> None:
    gallery, _, embeddings = filled(tmp_path / "g", 30)
    with gallery, Gallery.open(tmp_path / "g") as other:
        assert other.search(embeddings, 1)[4].ids == ("p004",)
        assert gallery.delete(["p004", "p005"]) == 2
        for handle in (gallery, other):
            assert "p004" not in handle.search(embeddings, 30).ids
            assert "p004" not in handle.search(embeddings, 30, Where(camera="c1")).ids
            assert "p004" not in [record.id for record in handle.records()]
            assert "p004" not in [record.id for record in handle.neighbours("p007", 30)]
            for ask in (handle.get, handle.thumbnail, handle.neighbours):
                with pytest.raises(UnknownPersonError):
                    ask("p004")
            with pytest.raises(UnknownPersonError):
                handle.vectors(["p004"])
        assert gallery.delete(["p004"]) == 0
        assert gallery.forget("photos/p0.jpg") == 8
        assert gallery.forget("photos") == 20


def test_forget_takes_exactly_what_lies_below(tmp_path: Path) -> None:
    sources = ["a/b.jpg", "a/b", "a/b/c.jpg", "a/bc.jpg", "a/b!c.jpg", "a/B/c.jpg", "a_b.jpg", "a/%.jpg"]
    sources += ["z.zip!a.jpg", "z.zip!b/c.jpg", "z.zip"]
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        fill(gallery, [Record(source, source) for source in sources])
        assert gallery.forget("a/%") == 0
        assert gallery.forget("a/b") == 2
        assert gallery.forget("z.zip!b") == 1
        assert gallery.forget("z.zip") == 2
        assert [record.id for record in gallery.records()] == [
            "a/b.jpg",
            "a/bc.jpg",
            "a/b!c.jpg",
            "a/B/c.jpg",
            "a_b.jpg",
            "a/%.jpg",
        ]


def test_a_reader_in_the_way_is_named_and_the_next_deletion_finishes(tmp_path: Path) -> None:
    records, embeddings, jpegs = secrets(0, 20)
    with Gallery.open(tmp_path / "g", create=True, wait=0.2) as gallery:
        gallery.add(records, embeddings, jpegs)
        reader = sqlite3.connect(tmp_path / "g" / "gallery.sqlite", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM people").fetchone()
        with pytest.raises(
            GalleryBusyError, match=r"are deleted and no search finds them, but traces .* another program"
        ):
            gallery.delete([records[0].id])
        assert records[0].id not in gallery.search(embeddings, 20).ids
        reader.close()
        assert gallery.delete([]) == 0
        assert traces(raw(tmp_path / "g"), records[0], embeddings.vectors[0], jpegs[0]) == []


def test_a_killed_deletion_is_finished_by_the_next_opening(tmp_path: Path) -> None:
    records, embeddings, jpegs = secrets(0, 20)
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        gallery.add(records, embeddings, jpegs)
    code = (
        "import os, sys, textreid_index.store.sqlite as store, textreid_index as index\n"
        "store.Store.scrub = lambda self: os._exit(9)  # dies between the commit and the rewriting\n"
        "index.Gallery.open(sys.argv[1]).delete(sys.argv[2:])\n"
    )
    ids = [record.id for record in records[:10]]
    assert (
        subprocess.run([sys.executable, "-c", code, str(tmp_path / "g"), *ids], check=False).returncode == 9
    )
    with Gallery.open(tmp_path / "g") as gallery:
        assert len(gallery) == 10
        for person in zip(records[:10], embeddings.vectors, jpegs, strict=False):
            assert traces(raw(tmp_path / "g"), *person) == []


def test_deleting_while_others_search(tmp_path: Path) -> None:
    """Once a deletion has returned, no search that starts later finds the person."""
    gallery, _, _ = filled(tmp_path / "g", 200)
    gone: list[str] = []
    wrong: list[str] = []
    stop = threading.Event()

    def look(handle: Gallery) -> None:
        while not stop.is_set():
            before = set(gone)
            wrong.extend(before & set(handle.search(embed(["q"], seed=len(before)), 200)[0].ids))

    with gallery, Gallery.open(tmp_path / "g") as other:
        threads = [threading.Thread(target=look, args=[handle]) for handle in (gallery, other)]
        for thread in threads:
            thread.start()
        for record in people(12):
            gallery.delete([record.id])
            gone.append(record.id)
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_full_disk_leaves_what_was_committed(tmp_path: Path) -> None:
    gallery, records, embeddings = filled(tmp_path / "g", 20)
    with gallery:
        with gallery._store._writer.connection() as db:
            assert db.execute("PRAGMA max_page_count = 30").fetchone() == (30,)
        extra = people(50, "late")
        with pytest.raises(GalleryFullError, match=r"is full. Nothing of this change was kept"):
            gallery.add(extra, embed([r.id for r in extra]), [bytes(9000)] * 50)
        assert gallery.verify() == []
        assert list(gallery.records()) == records
        assert [hits.ids[0] for hits in gallery.search(embeddings, 1)] == list(embeddings.ids)
        fill(gallery, people(1, "small"))
        assert len(gallery) == 21
