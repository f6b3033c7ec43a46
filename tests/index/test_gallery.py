"""What goes in comes out: records, vectors, thumbnails, states of sources, neighbours, numbers."""

from __future__ import annotations

from dataclasses import replace
from getpass import getuser
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.toy_gallery import TOY, embed, fill, filled, people, thumbnails
from textreid_index import (
    Embeddings,
    Gallery,
    GalleryError,
    GalleryStats,
    InvalidValueError,
    Record,
    SourceState,
    UnknownPersonError,
    Where,
)

ODD = [
    Record('p"; DROP TABLE people; --', "C:\\photos\\ü ñ 人.jpg", None, "Gate 5/å", -5.0, None, None, None),
    Record("a\nb\0c", "archive.zip!a/b.jpg", (0, 1, 2, 3), None, None, 1e-3, 0, 2**40),  # type: ignore[arg-type]
]


def test_round_trip_after_reopening(tmp_path: Path) -> None:
    records = [*people(20), *ODD]
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        embeddings = fill(gallery, records)
    with Gallery.open(str(tmp_path / "g")) as gallery:
        assert list(gallery.records()) == records
        assert [gallery.get(record.id) for record in records] == records
        assert [gallery.thumbnail(record.id) for record in records] == thumbnails(records)
        backwards = gallery.vectors(embeddings.ids[::-1])
        assert backwards.dtype == np.float32
        assert np.array_equal(backwards, embeddings.vectors[::-1])
        assert gallery.vectors([]).shape == (0, 8)
        assert gallery.encoder == TOY
        assert gallery.cameras() == ["Gate 5/å", "c0", "c1", "c2"]
        assert gallery.path == tmp_path / "g"
        assert [record.id for record in gallery.records(Where(source="archive.zip"))] == [ODD[1].id]
        size = sum(file.stat().st_size for file in (tmp_path / "g").iterdir())
        assert gallery.stats() == GalleryStats(22, 0, 4, TOY, gallery.generation, size, f"{getuser()} alone")
        assert gallery.verify() == []


@pytest.mark.parametrize("ask", [Gallery.get, Gallery.thumbnail, Gallery.neighbours])
def test_unknown_person(tmp_path: Path, ask: object) -> None:
    gallery, _, _ = filled(tmp_path / "g", 2)
    with gallery:
        with pytest.raises(UnknownPersonError, match="'nobody'"):
            ask(gallery, "nobody")  # type: ignore[operator]
        with pytest.raises(UnknownPersonError):
            gallery.vectors(["p000", "nobody"])


def test_known_ids_are_replaced(tmp_path: Path) -> None:
    gallery, records, _ = filled(tmp_path / "g", 5)
    moved = [replace(record, camera="moved") for record in (*records[3:], *people(2, "new"))]
    with gallery:
        before = gallery.generation
        embeddings = embed([record.id for record in moved], seed=9)
        assert gallery.add(moved, embeddings, [b"new"] * 4) == 2
        assert gallery.generation > before
        assert list(gallery.records()) == [*records[:3], *moved]
        assert np.array_equal(gallery.vectors(embeddings.ids), embeddings.vectors)
        assert gallery.thumbnail("p003") == b"new"
        assert gallery.verify() == []


def test_what_does_not_fit_together_is_refused_whole(tmp_path: Path) -> None:
    records = people(3)
    embeddings = embed([record.id for record in records])
    twice = embed(["p000", "p001", "p000"])
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        with pytest.raises(InvalidValueError, match="3 records, 3 embeddings, 2 thumbnails"):
            gallery.add(records, embeddings, thumbnails(records)[:2])
        with pytest.raises(InvalidValueError, match="same order"):
            gallery.add(records[::-1], embeddings, thumbnails(records))
        with pytest.raises(InvalidValueError, match="'p000' occurs twice"):
            gallery.add([*records[:2], records[0]], twice, thumbnails(records))
        with pytest.raises(GalleryError):  # the last thumbnail is missing: the first two people must not stay
            gallery.add(records, embeddings, [b"1", b"2", None], source=SourceState("a", 1, 1, ""))  # type: ignore[list-item]
        assert len(gallery) == 0
        assert gallery.sources() == []
        assert gallery.add([], embed([]), []) == 0
        assert gallery.encoder is None


def test_what_was_passed_in_is_left_alone(tmp_path: Path) -> None:
    gallery, records, embeddings = filled(tmp_path / "g", 30)
    with gallery:
        before = embeddings.vectors.copy()
        embeddings.vectors.flags.writeable = False
        gallery.search(embeddings, 5, Where(exclude=frozenset(["p001"])))
        assert np.array_equal(embeddings.vectors, before)
        assert records == people(30)


def test_states_of_sources(tmp_path: Path) -> None:
    partial = SourceState(
        "photos/clip.mp4", 10**12, 1_700_000_000_123_456_789, "hog", "partial", 2, None, 7.5
    )
    failed = SourceState("photos/broken.jpg", 3, 4, "hog", "failed", 0, "not an image", None)
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        fill(gallery, people(2), source=partial)
        generation = gallery.generation
        gallery.mark(failed)
        assert gallery.generation == generation
        assert gallery.source_state("photos/clip.mp4") == partial
        assert gallery.source_state("photos/else.jpg") is None
        done = replace(partial, status="done", resume_at=None)
        gallery.mark(done)
        assert gallery.sources() == [failed, done]
        gallery.forget("photos/clip.mp4")
        assert gallery.sources() == [failed]
        gallery.forget("photos")
        assert gallery.sources() == []


def test_rewind_takes_back_the_rest_of_one_video(tmp_path: Path) -> None:
    state = SourceState("clip.mp4", 1, 1, "", "partial", resume_at=2.0)
    clip = [Record(f"a{second}", "clip.mp4", offset=float(second)) for second in range(5)]
    other = [Record("b", "clip.mp4.mp4", offset=4.0), Record("c", "photo.jpg")]
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        fill(gallery, clip, source=state)
        fill(gallery, other)
        assert gallery.rewind("clip.mp4", 2.0) == 3
        assert list(gallery.records()) == [*clip[:2], *other]
        assert gallery.search(embed(["q"]), 9).ids.shape == (1, 4)
        assert gallery.rewind("clip.mp4") == 2
        assert gallery.source_state("clip.mp4") == state


def ids(records: list[Record]) -> list[str]:
    return [record.id for record in records]


def test_neighbours(tmp_path: Path) -> None:
    timed = [
        Record(f"t{second}", f"{second}.jpg", camera="gate", time=float(second))
        for second in (50, 10, 30, 20, 21)
    ]
    elsewhere = Record("elsewhere", "x.jpg", camera="door", time=20.0)
    tracks = [Record(f"v{second}", "v.mp4", camera="v", offset=float(second)) for second in (3, 1, 2, 9)]
    undated = [Record(f"u{number}", f"u{number}.jpg", camera="folder") for number in range(6)]
    nowhere = [Record("n0", "n0.jpg"), Record("n1", "n1.jpg")]
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        fill(gallery, [*timed, elsewhere, *tracks, *undated, *nowhere])
        assert ids(gallery.neighbours("t20", 3)) == ["t10", "t21", "t30"]
        assert ids(gallery.neighbours("t20", 1)) == ["t21"]
        assert ids(gallery.neighbours("t50")) == ["t10", "t20", "t21", "t30"]
        assert ids(gallery.neighbours("elsewhere")) == []
        assert ids(gallery.neighbours("v2", 2)) == ["v1", "v3"]
        assert ids(gallery.neighbours("u3", 3)) == ["u1", "u2", "u4"]
        assert ids(gallery.neighbours("n0")) == ["n1"]


def test_a_closed_gallery_says_so(tmp_path: Path) -> None:
    gallery, _, embeddings = filled(tmp_path / "g", 2)
    gallery.close()
    gallery.close()
    with pytest.raises(GalleryError, match="closed"):
        gallery.search(embeddings, 1)
    with pytest.raises(GalleryError, match="closed"):
        gallery.delete(["p000"])
    assert {file.name for file in gallery.path.iterdir()} == {"gallery.sqlite", "gallery.commits"}


def test_many_pages_of_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textreid_index.store.people_table.ROWS_AT_ONCE", 7)
    gallery, records, embeddings = filled(tmp_path / "g", 40)
    with gallery:
        assert list(gallery.records()) == records
        assert list(gallery.records(Where(camera="c1"))) == [r for r in records if r.camera == "c1"]
        queries = Embeddings(embeddings.ids[:3], embeddings.vectors[:3], TOY)
        assert [hits.ids[0] for hits in gallery.search(queries, 40)] == ["p000", "p001", "p002"]
