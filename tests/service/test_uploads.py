"""What becomes of files that people send."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.helpers.faults.small_disk import FILLING, fill_up, small_disk
from tests.helpers.toy import draw_frame
from textreid.errors import InputError
from textreid.service import uploads
from textreid.service.desk import Desk
from textreid_index import Gallery


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "sent" / "yard.png"
    file.parent.mkdir()
    draw_frame([("pink", "orange"), ("white", "green")])[0].save(file)
    return file


def stored(gallery: Gallery) -> list[Path]:
    return sorted(uploads.upload_folder(gallery).iterdir())


def test_an_upload_moves_into_the_gallery_under_a_name_of_its_own(desk: Desk, photo: Path) -> None:
    nasty = photo.rename(photo.with_name("..%2f $(touch x) yard.PNG"))
    assert desk.add([nasty], crops=False, camera="yard").added == 2
    assert not nasty.exists()
    (file,) = stored(desk.gallery)
    assert file.suffix == ".png"
    assert set(file.stem) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
    assert uploads.upload_folder(desk.gallery).stat().st_mode & 0o077 == 0
    record = next(record for record in desk.gallery.records() if record.camera == "yard")
    assert desk.search.frame(record.id).size == (320, 160)


def test_the_same_file_again_adds_nobody(desk: Desk, photo: Path) -> None:
    content = photo.read_bytes()
    assert desk.add([photo], crops=False, camera="yard").added == 2
    again = photo.with_name("another name.png")
    again.write_bytes(content)
    report = desk.add([again], crops=False, camera="yard")
    assert (report.added, report.known) == (0, 1)
    assert len(desk.gallery) == 9
    assert len(stored(desk.gallery)) == 1


def test_it_stays_until_the_last_person_goes(desk: Desk, photo: Path) -> None:
    desk.add([photo], crops=False, camera="yard")
    first, second = [record.id for record in desk.gallery.records() if record.camera == "yard"]
    assert desk.count_in_file(first) == 2
    desk.delete([first])
    assert len(stored(desk.gallery)) == 1
    desk.delete([second])
    assert stored(desk.gallery) == []


def test_members_of_a_zip_file_share_it(desk: Desk, photo: Path) -> None:
    archive = photo.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as file:
        file.write(photo, "a.png")
        file.write(photo, "b.png")
    assert desk.add([archive], crops=False, camera="yard").added == 4
    first = next(record for record in desk.gallery.records() if record.camera == "yard")
    assert desk.forget(first.id) == 2
    assert len(stored(desk.gallery)) == 1
    rest = [record.id for record in desk.gallery.records() if record.camera == "yard"]
    assert desk.delete(rest) == 2
    assert stored(desk.gallery) == []


def test_a_file_without_anybody_is_not_kept(desk: Desk, tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.png", tmp_path / "notes.txt"
    draw_frame([])[0].save(empty)
    text.write_text("no image")
    report = desk.add([empty, text], crops=False, camera=None)
    assert (report.added, report.empty, len(report.skipped)) == (0, 1, 1)
    assert stored(desk.gallery) == []


def test_own_files_are_never_deleted(desk: Desk) -> None:
    source = Path(desk.gallery.get("north-0-red").source)
    assert desk.forget("north-0-red") == 2
    assert source.exists()


def test_what_a_killed_addition_left_goes_at_the_next_start(
    desk: Desk, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with uploads.stored(photo, desk.gallery) as left:
        pass
    Desk(desk.search)
    assert stored(desk.gallery) == [left], "it may just be on its way in"
    later = left.stat().st_ctime + 3601
    monkeypatch.setattr("textreid.service.uploads.time.time", lambda: later)
    Desk(desk.search)
    assert stored(desk.gallery) == []


def test_another_file_of_the_same_name_is_not_taken_for_this_one(desk: Desk, photo: Path) -> None:
    """Such as a part of it, from a disk that was full or a copy that was killed."""
    content = photo.read_bytes()
    with uploads.stored(photo, desk.gallery) as whole:
        whole.write_bytes(content[:100])
    photo.write_bytes(content)
    with uploads.stored(photo, desk.gallery) as again:
        assert again == whole
        assert whole.read_bytes() == content


def test_it_stays_while_it_is_added_again_and_the_last_person_of_before_goes(desk: Desk, photo: Path) -> None:
    content = photo.read_bytes()
    desk.add([photo], crops=False, camera="yard")
    before = [record.id for record in desk.gallery.records() if record.camera == "yard"]
    photo.write_bytes(content)
    with uploads.stored(photo, desk.gallery) as place:
        assert desk.delete(before) == 2
        assert place.read_bytes() == content
        desk.gallery.files.remove_unused([f"uploads/{place.name}"])
        assert stored(desk.gallery) == [place]
    desk.gallery.files.remove_unused([f"uploads/{place.name}"])
    assert stored(desk.gallery) == []


def test_an_upload_that_does_not_fit_leaves_nothing(desk: Desk, photo: Path, tmp_path: Path) -> None:
    """It comes from another disk, and the gallery's has no room. Needs Linux and root."""
    content = photo.read_bytes()
    folder = uploads.upload_folder(desk.gallery)
    with small_disk(folder, 64 * 1024) as disk:
        fill_up(disk, leave=4096)
        photo.write_bytes(content + bytes(100_000))
        with pytest.raises(InputError, match="is full: free space"):
            desk.add([photo], crops=False, camera="yard")
        assert [file.name for file in disk.iterdir()] == [FILLING]
        assert photo.stat().st_size == len(content) + 100_000
        (disk / FILLING).unlink()
        photo.write_bytes(content)
        assert desk.add([photo], crops=False, camera="yard").added == 2
    assert not folder.exists() or not any(folder.iterdir())
