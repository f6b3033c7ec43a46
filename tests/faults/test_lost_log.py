"""Commits that are lost with the log are counted and told; nothing else is ever taken for a loss."""

from __future__ import annotations

import logging
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.helpers.faults.other_user import as_other_user, public_folder
from tests.helpers.toy_gallery import fill, filled, people
from textreid_index import Gallery
from textreid_index.backends import exact, flat  # noqa: F401  (another user may not read the library)
from textreid_index.store.commit_count import FILE, CommitCount

WRITER = """
import sys
from textreid_index import Gallery
from tests.helpers.toy_gallery import fill, people
with Gallery.open(sys.argv[1], create=True) as gallery:
    number = len(gallery)
    while True:
        fill(gallery, people(5, prefix=f"b{number}-"), seed=number)
        print("added", flush=True)
        number += 5
"""


def killed(source: Path, target: Path) -> Path:
    """The files of an open gallery, as a writer leaves them that is killed now."""
    shutil.copytree(source, target)
    (target / "gallery.sqlite-shm").unlink()
    return target


def lose_log(folder: Path) -> None:
    (folder / "gallery.sqlite-wal").unlink()


def told(folder: Path) -> tuple[str, list[str], int]:
    """What opening and `verify` say, and how many people there are."""
    with Gallery.open(folder) as gallery:
        return gallery.notice or "", gallery.verify(), len(gallery)


@pytest.mark.parametrize("lost", [1, 3])
def test_commits_lost_with_the_log_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, lost: int
) -> None:
    filled(tmp_path / "g", 10)[0].close()
    with Gallery.open(tmp_path / "g") as gallery:
        for number in range(lost):
            fill(gallery, people(5, f"late{number}"))
        killed(tmp_path / "g", tmp_path / "k")
    lose_log(tmp_path / "k")
    for _ in range(2):  # told again and again, for reading does not bring anybody back
        notice, problems, count = told(tmp_path / "k")
        assert f"are missing, the last {lost}:" in notice
        assert problems == [notice]
        assert count == 10
    assert (caplog.record_tuples[0][:2], len(caplog.records)) == (("textreid_index", logging.WARNING), 2)


def test_they_are_told_until_something_is_written_and_then_counted_anew(tmp_path: Path) -> None:
    filled(tmp_path / "g", 10)[0].close()
    with Gallery.open(tmp_path / "g") as gallery:
        fill(gallery, people(5, "late"))
        killed(tmp_path / "g", tmp_path / "k")
    lose_log(tmp_path / "k")
    with Gallery.open(tmp_path / "k") as gallery:
        assert gallery.notice is not None
        fill(gallery, people(5, "late"))
        assert gallery.verify() == []
    assert told(tmp_path / "k") == ("", [], 15)
    with Gallery.open(tmp_path / "k") as gallery:
        fill(gallery, people(5, "later"))
        fill(gallery, people(5, "latest"))
        killed(tmp_path / "k", tmp_path / "l")
    lose_log(tmp_path / "l")
    assert "are missing, the last 2:" in told(tmp_path / "l")[0]


def test_who_may_only_read_is_told_too() -> None:
    with public_folder() as place:
        filled(place / "g", 10)[0].close()
        with Gallery.open(place / "g") as gallery:
            fill(gallery, people(5, "late"))
            killed(place / "g", place / "k")
        lose_log(place / "k")
        (place / "k").chmod(0o755)
        for file in (place / "k").iterdir():
            file.chmod(0o644)
        assert "are missing, the last 1:" in as_other_user(told, place / "k")[0]


def test_a_kill_is_no_loss(tmp_path: Path) -> None:
    rng = random.Random(0)
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, str(tmp_path / "g")]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(rng.randint(1, 8)):
                writer.stdout.readline()
            time.sleep(rng.random() / 100)
            writer.kill()
        notice, problems, _ = told(tmp_path / "g")
        assert (notice, problems) == ("", [])


def test_a_kill_between_commit_and_count_is_no_loss_and_is_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path / "g", 10)[0].close()
    with monkeypatch.context() as patch:
        patch.setattr(CommitCount, "raise_to", lambda *_: None)
        with Gallery.open(tmp_path / "g") as gallery:
            fill(gallery, people(5, "late"))
    assert told(tmp_path / "g") == ("", [], 15)
    with Gallery.open(tmp_path / "g") as gallery:
        fill(gallery, people(5, "later"))
        killed(tmp_path / "g", tmp_path / "k")
    lose_log(tmp_path / "k")
    assert "are missing, the last 1:" in told(tmp_path / "k")[0]


def test_writers_at_once_count_every_commit(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "g", create=True):
        before = CommitCount(tmp_path / "g" / "gallery.sqlite").read()[1]

    def write(number: int) -> None:
        with Gallery.open(tmp_path / "g") as gallery:
            for round in range(5):
                fill(gallery, people(1, f"w{number}r{round}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(8)))
    assert CommitCount(tmp_path / "g" / "gallery.sqlite").read()[1] == before + 40
    assert told(tmp_path / "g") == ("", [], 40)


def test_copies_are_no_loss(tmp_path: Path) -> None:
    filled(tmp_path / "g", 10)[0].close()
    shutil.copytree(tmp_path / "g", tmp_path / "backup")
    with Gallery.open(tmp_path / "g") as gallery:
        fill(gallery, people(5, "late"))
    (tmp_path / "alone").mkdir()
    shutil.copy(tmp_path / "backup" / "gallery.sqlite", tmp_path / "alone")  # nothing is known of it
    shutil.rmtree(tmp_path / "g")
    shutil.copytree(tmp_path / "backup", tmp_path / "g")
    for folder in ("g", "alone", "backup"):
        assert told(tmp_path / folder) == ("", [], 10)


def test_an_older_file_put_in_place_alone_lacks_what_came_later(tmp_path: Path) -> None:
    filled(tmp_path / "g", 10)[0].close()
    shutil.copy(tmp_path / "g" / "gallery.sqlite", tmp_path)
    with Gallery.open(tmp_path / "g") as gallery:
        fill(gallery, people(5, "late"))
        fill(gallery, people(5, "later"))
    shutil.copy(tmp_path / "gallery.sqlite", tmp_path / "g")
    assert "are missing, the last 2:" in told(tmp_path / "g")[0]


def test_another_gallery_in_the_same_folder_is_not_measured_by_the_former(tmp_path: Path) -> None:
    with filled(tmp_path / "g", 10)[0] as gallery:
        fill(gallery, people(5, "late"))
    (tmp_path / "g" / "gallery.sqlite").unlink()
    filled(tmp_path / "g", 2)[0].close()
    assert told(tmp_path / "g") == ("", [], 2)


@pytest.mark.parametrize("text", [None, b"", b"\0" * 50, b"no number\n"], ids=repr)
def test_where_the_count_is_missing_or_damaged_nothing_is_claimed(tmp_path: Path, text: bytes | None) -> None:
    filled(tmp_path / "g", 10)[0].close()
    count = tmp_path / "g" / FILE
    whole = count.read_bytes()
    for damaged in [text] if text is not None else [None, whole[:-1], whole.replace(b"0 ", b"9 ")]:
        count.unlink(missing_ok=True)
        if damaged is not None:
            count.write_bytes(damaged)
        assert told(tmp_path / "g") == ("", [], 10)
        assert count.read_bytes() == whole
