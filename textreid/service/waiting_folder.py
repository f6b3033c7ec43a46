"""The private folder in which files wait: what a server has received is gone with it, or at the next start.

It lies at one place for each user, so that the next server finds what a killed one has left there.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from textreid.errors import InputError
from textreid.io.user_folders import cache_folders, is_own, make_usable

try:
    import fcntl
except ImportError:  # Windows, where what a killed server leaves is not told from what one is using
    fcntl = None  # type: ignore[assignment]

NAME = "waiting"


@contextmanager
def waiting_folder() -> Iterator[Path]:
    """Yield an empty folder that this user alone can read, and remove it at the end.

    What servers left that did not come to their end is removed before.

    Raises:
        InputError: no folder can be made.
    """
    home = next(filter(_is_private, _homes()), None)
    if home is None:
        raise InputError(
            "There is no folder in which uploads could wait. Set XDG_CACHE_HOME to one that you may write to."
        )
    for place in filter(is_own, _homes()):
        _remove_abandoned(place)
    with _claimed(home):  # so that nobody takes for abandoned what is just being made
        folder = Path(tempfile.mkdtemp(prefix="server-", dir=home))
        claim = _open_claim(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            os.close(claim)


def _homes() -> Iterator[Path]:
    return (folder / NAME for folder in cache_folders())


def _is_private(home: Path) -> bool:
    """Make the folder, and say whether it is this user's own and can be written to."""
    if not make_usable(home.parent):
        return False
    try:
        home.mkdir(exist_ok=True, mode=0o700)
        if not (is_own(home.parent) and is_own(home)):
            return False
        home.chmod(0o700)
        return os.access(home, os.W_OK | os.X_OK)
    except OSError:
        return False


def _remove_abandoned(home: Path) -> None:
    with _claimed(home):
        for left in home.iterdir():
            if left.is_dir() and _is_abandoned(left):
                shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    claim = _open_claim(folder)
    try:
        yield
    finally:
        os.close(claim)


def _open_claim(folder: Path) -> int:
    """Lock a folder for as long as the descriptor is open, where the system has such locks."""
    claim = os.open(folder, os.O_RDONLY)
    if fcntl is not None:
        with suppress(OSError):  # a disk without locks
            fcntl.flock(claim, fcntl.LOCK_EX)
    return claim


def _is_abandoned(folder: Path) -> bool:
    if fcntl is None:
        return False
    try:
        claim = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False
    finally:
        os.close(claim)
