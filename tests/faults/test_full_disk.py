"""On a full disk everything that was committed can still be searched, checked and saved elsewhere.

The disk is a tmpfs of a few megabytes, which takes Linux and root.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.helpers.faults.committed import FORMER, content, copy
from tests.helpers.faults.small_disk import FILLING, fill_up, small_disk
from tests.helpers.toy_gallery import embed, fill, filled, people
from textreid_index import Gallery, GalleryError, GalleryFullError

LEFT = {"closed": set(), "killed": {"-wal", "-shm"}, "killed and half copied": {"-wal"}}
"""What may lie beside a gallery's file."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 4 << 20) as disk:
        yield disk


@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("room", [0, 8192])
def test_all_that_was_committed_can_be_read(disk: Path, tmp_path: Path, left: str, room: int) -> None:
    gallery, _, _ = filled(tmp_path / "g", 20)
    gallery.close()
    with Gallery.open(tmp_path / "g") as gallery:
        fill(gallery, people(10, "late"))
        expected = content(gallery, tmp_path)
        if LEFT[left]:
            copy(tmp_path / "g", disk / "g", LEFT[left])
    if not LEFT[left]:
        copy(tmp_path / "g", disk / "g", set())
    fill_up(disk, leave=room)
    for _ in range(2):
        with Gallery.open(disk / "g") as gallery:
            assert content(gallery, tmp_path) == expected
            assert gallery.stats().people == 30


def test_what_does_not_fit_is_refused_and_fits_later(disk: Path, tmp_path: Path) -> None:
    filled(disk / "g", 20)[0].close()
    fill_up(disk)
    with Gallery.open(disk / "g", wait=1) as gallery:
        with pytest.raises(GalleryFullError, match=r"is full. Nothing of this change was kept"):
            fill(gallery, people(5, "late"))
        with pytest.raises(GalleryFullError, match=r"Nobody was deleted .* takes 0\.\d MB of free space"):
            gallery.delete(["p000"])
        assert len(gallery.search(embed(["q"]), 99)[0]) == 20
        (disk / FILLING).unlink()
        fill(gallery, people(5, "late"))
        assert gallery.delete(["p000"]) == 1
        assert len(gallery.search(embed(["q"]), 99)[0]) == 24
        assert gallery.verify() == []


def test_deleted_but_not_yet_erased_says_how_much_room_that_takes(disk: Path) -> None:
    gallery, records, embeddings = filled(disk / "g", 20)
    with gallery:
        late = people(10, "late")
        gallery.add(late, embed([person.id for person in late]), [bytes(90_000)] * 10)
    fill_up(disk, leave=300_000)
    with Gallery.open(disk / "g") as gallery:
        with pytest.raises(GalleryFullError, match=r"are deleted .* takes (0\.9|1\.0) MB of free space"):
            gallery.delete(["p000"])
        assert len(gallery.search(embeddings, 99)[0]) == 29
    (disk / FILLING).unlink()
    with Gallery.open(disk / "g") as gallery:
        assert gallery.verify() == []
    assert all(b"thumbnail of p000" not in file.read_bytes() for file in (disk / "g").iterdir())
    assert records[0].id == "p000"


def test_several_may_search_at_once(disk: Path) -> None:
    filled(disk / "g", 20)[0].close()
    fill_up(disk)

    def look(_: int) -> int:
        with Gallery.open(disk / "g") as gallery:
            return len(gallery.search(embed(["q"]), 99)[0])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(look, range(12))) == [20] * 12


def test_an_export_that_does_not_fit_leaves_nothing(disk: Path, tmp_path: Path) -> None:
    gallery, records, _ = filled(tmp_path / "g", 200)
    with gallery:
        for room in (0, 4096, 40_000, 400_000):
            fill_up(disk, leave=room)
            with pytest.raises(GalleryError, match=f"cannot be exported to {disk}/out: No space left"):
                gallery.export(disk / "out")
            assert [path.name for path in disk.iterdir()] == [FILLING]
        (disk / FILLING).unlink()
        gallery.export(disk / "out")
        assert len((disk / "out" / "records.jsonl").read_text().splitlines()) == len(records)


def test_a_gallery_of_an_earlier_format_that_finds_no_room_is_searched_and_stays_as_it_was(
    disk: Path, tmp_path: Path
) -> None:
    with tarfile.open(FORMER) as archive:
        archive.extractall(tmp_path / "former", filter="data")
    (old,) = (tmp_path / "former").rglob("gallery.sqlite")
    (disk / "g").mkdir()
    shutil.copy(old, disk / "g" / "gallery.sqlite")
    before = old.read_bytes()
    with Gallery.open(old.parent) as gallery:
        known = list(gallery.records())
    for room in (0, 8192, 100_000):
        fill_up(disk, leave=room)
        with Gallery.open(disk / "g", wait=1) as gallery:
            assert [record.id for record in gallery.records()] == [record.id for record in known]
            with pytest.raises(GalleryFullError, match="MB of free space"):
                gallery.delete([known[0].id])
        assert not list((disk / "g").glob("*.format-*"))
        assert (disk / "g" / "gallery.sqlite").read_bytes() == before
    (disk / FILLING).unlink()
    with Gallery.open(disk / "g") as gallery:
        assert gallery.verify() == []
