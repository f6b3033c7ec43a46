"""The log of searches is its owner's alone, whole, and never passed over."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.street import fill
from tests.helpers.toy import ToyEncoder
from textreid.errors import InputError
from textreid.search.person_search import PersonSearch


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "searches.jsonl"


@pytest.fixture
def search(tmp_path: Path, log: Path) -> Iterator[PersonSearch]:
    old = os.umask(0)
    try:
        with PersonSearch.open(tmp_path / "gallery", create=True, encoder=ToyEncoder(), log=log) as search:
            fill(search, tmp_path)
            yield search
    finally:
        os.umask(old)


def mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


def test_it_is_made_for_its_owner_alone_and_so_is_the_next_after_it_was_moved_away(
    search: PersonSearch, log: Path
) -> None:
    search.search("a red shirt")
    assert mode(log) == 0o600
    log.rename(log.with_suffix(".1"))
    search.search("a blue shirt")
    assert mode(log) == 0o600
    assert [json.loads(line)["text"] for line in log.read_text().splitlines()] == ["a blue shirt"]


def test_a_mode_that_somebody_gave_is_kept(search: PersonSearch, log: Path) -> None:
    log.chmod(0o640)
    search.search("a red shirt")
    assert mode(log) == 0o640
    log.rename(log.with_suffix(".1"))
    search.search("a blue shirt")
    assert mode(log) == 0o640
    log.unlink()
    log.touch(0o604)
    search.search("a blue shirt")
    assert mode(log) == 0o604


def test_on_a_full_disk_a_search_ends_with_a_sentence_that_names_the_log(tmp_path: Path) -> None:
    with PersonSearch.open(
        tmp_path / "gallery", create=True, encoder=ToyEncoder(), log="/dev/full"
    ) as search:
        fill(search, tmp_path)
        for ask in (lambda: search.search("a red shirt"), lambda: search.similar("north-0-red")):
            with pytest.raises(InputError, match="cannot be logged to /dev/full: No space left on device"):
                ask()


def test_a_line_that_did_not_fit_is_taken_back(
    search: PersonSearch, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search.search("a red shirt")
    whole, write = log.read_bytes(), os.write

    def half(file: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(28, "No space left on device")
        return write(file, data[: len(data) // 2])

    with monkeypatch.context() as patch:
        patch.setattr("textreid.search.search_log.os.write", half)
        with pytest.raises(InputError, match="No space left"):
            search.search("a blue shirt")
    assert log.read_bytes() == whole
    search.search("a green shirt")
    assert [json.loads(line)["text"] for line in log.read_text().splitlines()] == [
        "a red shirt",
        "a green shirt",
    ]


def test_no_text_breaks_a_line(search: PersonSearch, log: Path) -> None:
    text = "a red shirt\u2028\u2029\x85\x1b\n\r"
    search.search(text)
    (line,) = log.read_text("utf-8").splitlines()
    assert json.loads(line)["text"] == text


def test_searches_at_once_write_whole_lines(search: PersonSearch, log: Path) -> None:
    threads = [
        threading.Thread(target=lambda: [search.similar("north-0-red") for _ in range(10)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([json.loads(line) for line in log.read_text().splitlines()]) == 40
