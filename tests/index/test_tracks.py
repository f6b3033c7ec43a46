"""The ways of people through videos go in, out and away with those people."""

from __future__ import annotations

import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.helpers.toy_gallery import embed, filled, people, thumbnails
from textreid_index import Gallery, GalleryDamagedError, InvalidValueError, Track, UnknownPersonError, View
from textreid_index.store import schema

FORMAT_2 = Path(__file__).parents[1] / "fixtures" / "format-2.tar.xz"


def walk(number: int, steps: int = 5) -> Track:
    path = tuple((number + step / 5, (step, 20.0, step + 30.5, 90.0)) for step in range(steps))
    views = tuple(View(*path[step], jpeg=f"view {number}.{step}".encode()) for step in (2, 0))
    return Track(path, views)


@pytest.fixture
def walked(tmp_path: Path) -> Path:
    """Four people, of whom the first three were found in a video."""
    records = people(4)
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        tracks = {record.id: walk(number) for number, record in enumerate(records[:3])}
        gallery.add(records, embed([r.id for r in records]), thumbnails(records), tracks=tracks)
    return tmp_path / "g"


def rows(folder: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(folder / "gallery.sqlite")) as db:
        return db.execute("SELECT (SELECT count(*) FROM tracks), (SELECT count(*) FROM views)").fetchone()


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "gallery.sqlite")) as db:
        db.execute(statement)
        db.commit()


def test_a_track_comes_back_as_it_went_in(walked: Path) -> None:
    with Gallery.open(walked) as gallery:
        assert [gallery.track(f"p00{number}") for number in range(3)] == [walk(number) for number in range(3)]
        assert (gallery.track("p001").start, gallery.track("p001").end) == (1.0, 1.8)
        assert gallery.track("p003") is None
        assert gallery.verify() == []
        with pytest.raises(UnknownPersonError):
            gallery.track("p009")


def test_it_goes_with_its_person(walked: Path) -> None:
    with Gallery.open(walked) as gallery:
        gallery.delete(["p000"])
        assert rows(walked) == (2, 4)
        gallery.forget("photos/p0.jpg")
        assert rows(walked) == (0, 0)
    assert b"view 1.2" not in (walked / "gallery.sqlite").read_bytes()


def test_who_takes_a_persons_place_brings_another_track(walked: Path) -> None:
    (record,) = people(1)
    with Gallery.open(walked) as gallery:
        gallery.add([record], embed([record.id]), thumbnails([record]), tracks={record.id: walk(7)})
        assert gallery.track(record.id) == walk(7)
    assert rows(walked) == (3, 6)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE tracks SET path = substr(path, 1, 24) WHERE key = 2",
        "UPDATE tracks SET stop = 99 WHERE key = 2",
        "UPDATE views SET jpeg = x'00' WHERE person = 2 AND place = 1",
        "UPDATE views SET x1 = x1 + 1 WHERE person = 2 AND place = 0",
    ],
)
def test_damage_is_told_and_repaired(walked: Path, damage: str) -> None:
    change(walked, damage)
    with Gallery.open(walked) as gallery:
        (problem,) = gallery.verify()
        assert "changed since it was written" in problem
        with pytest.raises(GalleryDamagedError):
            gallery.track("p001")
        assert gallery.repair() == 1
        assert gallery.verify() == []
        assert len(gallery) == 3


def test_it_is_exported(walked: Path, tmp_path: Path) -> None:
    with Gallery.open(walked) as gallery:
        gallery.export(tmp_path / "out")
    lines = [json.loads(line) for line in (tmp_path / "out" / "tracks.jsonl").read_text("utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["p000", "p001", "p002"]
    for number, line in enumerate(lines):
        expected = walk(number)
        assert [(time, tuple(box)) for time, *box in line["path"]] == list(expected.path)
        for view, known in zip(line["views"], expected.views, strict=True):
            assert (view["offset"], tuple(view["box"])) == (known.offset, known.box)
            assert (tmp_path / "out" / view["image"]).read_bytes() == known.jpeg


def test_a_gallery_without_videos_is_exported_as_before(tmp_path: Path) -> None:
    gallery, *_ = filled(tmp_path / "g", 3)
    with gallery:
        gallery.export(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "gallery.json",
        "records.jsonl",
        "thumbnails",
        "vectors.npy",
    ]


@pytest.mark.parametrize(
    ("path", "views"),
    [
        ((), (View(0.0, (0, 0, 1, 1), b""),)),
        (((0.0, (0, 0, 1, 1)),), ()),
        (((0.0, (0, 0, 1, 1)), (0.0, (0, 0, 1, 1))), (View(0.0, (0, 0, 1, 1), b""),)),
        (((float("nan"), (0, 0, 1, 1)),), (View(0.0, (0, 0, 1, 1), b""),)),
        (((0.0, (0, 0, 1)),), (View(0.0, (0, 0, 1, 1), b""),)),
    ],
)
def test_what_is_no_track_is_refused(path: tuple, views: tuple) -> None:
    with pytest.raises(InvalidValueError, match="track"):
        Track(path, views)


def test_a_gallery_of_format_2_gets_room_for_tracks(tmp_path: Path) -> None:
    with tarfile.open(FORMAT_2) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / "g2"
    with Gallery.open(folder) as gallery:
        assert [record.id for record in gallery.records()] == ["p000", "p001", "p002"]
        assert gallery.track("p000") is None
        assert gallery.verify() == []
        assert gallery.search(embed(["q"]), 3)[0].exact
        (record,) = people(1, "new")
        gallery.add([record], embed([record.id]), thumbnails([record]), tracks={record.id: walk(0)})
        assert gallery.track(record.id) == walk(0)
    Gallery.open(tmp_path / "new", create=True).close()
    assert tables(folder) == tables(tmp_path / "new")
    assert (folder / "gallery.sqlite.format-2").exists()


def tables(folder: Path) -> set[tuple]:
    with closing(sqlite3.connect(folder / "gallery.sqlite")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (schema.FORMAT,)
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {(name, *row[1:]) for name in names for row in db.execute(f"PRAGMA table_info({name})")}
