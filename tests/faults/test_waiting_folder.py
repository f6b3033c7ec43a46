"""No picture outlives the server that received it: at its end, or at the next start after a kill."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from textreid.errors import InputError
from textreid.service.waiting_folder import waiting_folder

WAIT = """
import signal
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)  # which the background job of a shell ignores
from pathlib import Path
from textreid.cli._stop import wait_for_stop
from textreid.service.waiting_folder import waiting_folder
with waiting_folder() as folder:
    (folder / "photo.jpg").write_bytes(b"a picture")
    print(folder, flush=True)
    wait_for_stop()
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "textreid" / "waiting"


def server() -> tuple[subprocess.Popen[str], Path]:
    """A process that has a picture waiting."""
    process = subprocess.Popen([sys.executable, "-c", WAIT], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def end(process: subprocess.Popen[str], number: signal.Signals) -> int:
    process.send_signal(number)
    code = process.wait(timeout=30)
    assert process.stdout is not None
    process.stdout.close()
    return code


def test_every_signal_that_ends_a_server_in_order_leaves_nothing(home: Path) -> None:
    numbers = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT]
    processes = [server() for _ in numbers]
    assert len(list(home.iterdir())) == 4
    for (process, folder), number in zip(processes, numbers, strict=True):
        assert (folder / "photo.jpg").exists()
        assert end(process, number) == 0
        assert not folder.exists()
    assert list(home.iterdir()) == []


def test_the_next_start_removes_what_a_kill_has_left_and_nothing_that_is_in_use(home: Path) -> None:
    killed, left = server()
    running, used = server()
    assert end(killed, signal.SIGKILL) == -signal.SIGKILL
    assert (left / "photo.jpg").exists()
    with waiting_folder() as folder:
        assert not left.exists()
        assert (used / "photo.jpg").exists()
        assert list(folder.iterdir()) == []
    assert end(running, signal.SIGTERM) == 0
    assert list(home.iterdir()) == []


def test_a_start_makes_no_other_place(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with waiting_folder() as folder:
        assert folder.parent == home
        assert list((tmp_path / "temporary").iterdir()) == []


def test_it_is_this_users_alone(home: Path) -> None:
    old = os.umask(0)
    try:
        with waiting_folder() as folder:
            assert [stat.S_IMODE(place.stat().st_mode) for place in (folder, home)] == [0o700, 0o700]
    finally:
        os.umask(old)


def test_where_there_is_no_cache_it_lies_among_the_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with waiting_folder() as folder:
        assert folder.is_relative_to(tmp_path / "temporary")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    with pytest.raises(InputError, match="XDG_CACHE_HOME"), waiting_folder():
        pass
