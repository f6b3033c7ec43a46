"""No home, or one that cannot be written: caches lie in a private folder, which is said, and nothing fails.

The users of these tests have no name on this machine, which takes root.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.faults.other_user import public_folder, run_without_a_name
from textreid.errors import InputError
from textreid.io.user_folders import LIBRARIES, cache_folder, lead_libraries, torch_folder

WHAT_NEEDS_FOLDERS = """
from textreid.io.user_folders import cache_folder
from textreid.people import load_detector
from textreid.service.waiting_folder import waiting_folder
print(load_detector().name)
print(cache_folder())
with waiting_folder() as folder:
    print(folder.parent.parent)
"""


@pytest.fixture(autouse=True)
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*LIBRARIES, "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, "")  # so that what a test sets is taken back
        monkeypatch.delenv(name)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


@pytest.fixture
def everybodys() -> Iterator[Path]:
    with public_folder() as folder:
        folder.chmod(0o777)
        yield folder


@pytest.mark.parametrize("home", [None, "/nonexistent", "/root", "/dev/null"])
def test_a_verb_says_in_one_line_where_caches_lie(home: str | None, everybodys: Path) -> None:
    variables = {"TMPDIR": str(everybodys)} | ({"HOME": home} if home else {})
    done = run_without_a_name("-m", "textreid", "models", cwd=everybodys, **variables)
    assert done.returncode == 0, done.stderr
    assert "pocket" in done.stdout
    (line,) = done.stderr.splitlines()
    assert line.endswith(
        f"caches lie in '{everybodys}/textreid-4711'. Set XDG_CACHE_HOME to a folder that lasts."
    )
    assert stat.S_IMODE((everybodys / "textreid-4711").stat().st_mode) == 0o700


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "HOME"])
def test_a_verb_says_nothing_where_there_is_a_folder(variable: str, everybodys: Path) -> None:
    told = {variable: str(everybodys), "TMPDIR": str(everybodys)}
    done = run_without_a_name("-m", "textreid", "--version", cwd=everybodys, **told)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(everybodys.iterdir()) == []


def test_who_looks_for_people_or_waits_for_uploads_needs_no_home(everybodys: Path) -> None:
    done = run_without_a_name("-c", WHAT_NEEDS_FOLDERS, cwd=everybodys, TMPDIR=str(everybodys))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["nanodet", *2 * [f"{everybodys}/textreid-4711"]]


def test_libraries_are_led_there_but_for_what_they_were_told_and_what_can_be_read(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "file" / "cache"
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("TORCH_HOME", "/models/torch")
    said = lead_libraries()
    assert said is not None
    assert said.startswith(f"'{cache}' cannot be written, so caches lie in '{temporary}/textreid-")
    assert os.environ["HF_HOME"] == f"{cache_folder()}/huggingface"
    assert os.environ["TORCH_HOME"] == "/models/torch"


def test_a_folder_of_somebody_else_is_not_taken_for_ones_own(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    place = temporary / f"textreid-{os.getuid()}"
    place.mkdir()
    os.chown(place, 4711, 4711)
    with pytest.raises(InputError, match="XDG_CACHE_HOME"):
        cache_folder()
    assert lead_libraries() is None
    place.rmdir()
    place.symlink_to("/usr")
    with pytest.raises(InputError, match="XDG_CACHE_HOME"):
        cache_folder()
    place.unlink()
    place.mkdir(mode=0o755)
    assert cache_folder() == place
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"TORCH_HOME": "/models", "XDG_CACHE_HOME": "/caches"}, "/models"),
        ({"XDG_CACHE_HOME": "/caches"}, "/caches/torch"),
        ({}, "{home}/.cache/torch"),
    ],
)
def test_weights_of_torch_are_looked_for_where_torch_keeps_them(
    told: dict[str, str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert str(torch_folder()) == expected.format(home=tmp_path)
    assert torch.hub.get_dir() == f"{torch_folder()}/hub"
