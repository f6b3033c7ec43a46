"""Folders and files that appear whole or not at all, also in the place of older ones.

What is written lies beside its target, in `.NAME.XXXXXXXX.part`, until it is complete and on the disk; then
it is renamed. No system renames a folder over a full one, so an old folder is first renamed to `.NAME.old`.
A process that ends between the two renames leaves the old folder there, whole, and `recover` puts it back:
every writer does so before it begins, and so does whoever reads a folder that may be replaced.
"""

from __future__ import annotations

import errno
import glob
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows, where what a killed writer leaves is not told from what one is writing
    fcntl = None  # type: ignore[assignment]

OWNER_ONLY = 0o600
OWNER_ONLY_FOLDER = 0o700

MANY_FILES = 64
"""From so many on they are brought onto the disk together: a journal takes 5,000 in one second, not in 25."""


@contextmanager
def whole_folder(target: Path, *, replace: bool = False, private: bool = False) -> Iterator[Path]:
    """Yield an empty folder that becomes `target` when the block ends well, and is removed when it fails.

    Until then only its owner may enter it.

    Args:
        target: parents are made if missing.
        replace: put it in the place of an older folder, which stays untouched until then. The new folder, and
            files of the same name, get the older ones' permissions.
        private: make it, and what is in it, for its owner alone.

    Raises:
        FileExistsError: the target exists and is not to be replaced.
        OSError: it cannot be written.
    """
    clear_away(target)
    if not replace and target.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    working = _working_name(target)
    working.mkdir()
    usual = stat.S_IMODE(working.stat().st_mode)
    working.chmod(OWNER_ONLY_FOLDER)
    try:
        with _claimed(working):
            yield working
            if private:
                _keep_to_owner(working)
            elif target.exists():
                _keep_modes(target, working)
            else:
                working.chmod(usual)
            _sync_all([*working.rglob("*"), working])
            _rename_over(working, target)
    except BaseException:
        shutil.rmtree(working, ignore_errors=True)
        raise


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """Yield a file that becomes `target`, or takes its place and permissions, when the block ends well.

    Raises:
        OSError: it cannot be written.
    """
    clear_away(target)
    working = _working_name(target)
    try:
        with working.open("xb") as file, _claimed(working):
            if target.exists():
                shutil.copymode(target, working)
            yield file
            file.flush()
            os.fsync(file.fileno())
        working.replace(target)
        _sync(target.parent)
    except BaseException:
        working.unlink(missing_ok=True)
        raise


@contextmanager
def one_at_a_time(target: Path) -> Iterator[None]:
    """Let one process at a time look at `target` and make what is missing, on a system that has such locks.

    What killed writers of it have left is put in order before: the lock says that nobody is writing. It is on
    the folder around `target`, so that no file of a lock is left behind.

    Raises:
        OSError: that folder cannot be made or opened.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _claimed(target.parent):
        clear_away(target)
        yield


def put_in_place(ready: Path, target: Path) -> None:
    """Let a folder that is whole take the place of another; what a reader finds there is one or the other.

    Args:
        ready: lies beside the target.
        target: replaced if it exists.

    Raises:
        OSError: it cannot be renamed.
    """
    clear_away(target)
    _rename_over(ready, target)


def recover(target: Path) -> None:
    """Put the old folder back where a process ended before the new one took its place."""
    aside = _aside(target)
    if aside.exists() and not target.exists():
        aside.rename(target)


def clear_away(target: Path) -> None:
    """Make the parents, and put in order what killed writers of this target have left."""
    target.parent.mkdir(parents=True, exist_ok=True)
    recover(target)
    _discard_old(target)
    for left in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        if _abandoned(left):
            _remove(left)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _working_name(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")


def _keep_to_owner(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(OWNER_ONLY_FOLDER if path.is_dir() else OWNER_ONLY)


def _keep_modes(old: Path, new: Path) -> None:
    """Give a folder, and whatever in it has the same name in the old one, the permissions from there."""
    for path in (*new.rglob("*"), new):
        twin = old / path.relative_to(new)
        if twin.exists():
            shutil.copymode(twin, path)


def _rename_over(working: Path, target: Path) -> None:
    try:
        if target.exists():
            target.rename(_aside(target))
        working.rename(target)
    except BaseException:
        recover(target)
        raise
    _sync(target.parent)
    _discard_old(target)


def _discard_old(target: Path) -> None:
    """Remove what stands aside, by a name under which half of it is never taken for a whole folder."""
    aside = _aside(target)
    if aside.exists():
        _remove(aside.rename(_working_name(target)))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _claimed(path: Path) -> Iterator[None]:
    """Hold a lock that says somebody is writing here; the system takes it off when the process ends."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks: its leftovers stay
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _abandoned(path: Path) -> bool:
    if fcntl is None:
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _sync_all(paths: Sequence[Path]) -> None:
    if len(paths) < MANY_FILES:
        for path in paths:
            _sync(path)
        return
    with ThreadPoolExecutor(16) as pool:
        for _ in pool.map(_sync, paths):  # which raises what a thread raised
            pass


def _sync(path: Path) -> None:
    """Bring a file, or the names in a folder, onto the disk."""
    if os.name == "nt" and path.is_dir():  # folders cannot be opened there
        return
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
