"""Where a user's caches lie: textreid's own, and those of the libraries that it uses.

A container may know no home, or one that cannot be written. Caches then lie in a private folder among the
temporary files, as they do where `$XDG_CACHE_HOME` names no folder that can be written.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from textreid.errors import InputError

LIBRARIES = {"HF_HOME": "huggingface", "MPLCONFIGDIR": "matplotlib", "TORCH_HOME": "torch"}
"""What tells a library where its caches lie, and what they are called where nothing tells it."""


def cache_folder() -> Path:
    """The folder for what textreid can make again; it is there, and can be written.

    Raises:
        InputError: no such folder can be made.
    """
    for folder in filter(make_usable, cache_folders()):
        return folder
    raise InputError("There is no folder for caches: set XDG_CACHE_HOME to one that you may write to.")


def cache_folders() -> Iterator[Path]:
    """Where that folder may lie, whether it is there or not; the best place first."""
    if home := _home_of_caches():
        yield home / "textreid"
    if temporary := _temporary():
        yield temporary


def make_usable(folder: Path) -> bool:
    """Make one of `cache_folders`; False where it cannot be written, or others could write among one's own.

    Among the temporary files everybody may make a folder of that name: it has to be this user's, and is
    opened to nobody else.
    """
    temporary = folder == _temporary()
    try:
        folder.mkdir(parents=not temporary, exist_ok=True, mode=0o700)
        if temporary and not is_own(folder):
            return False
        if temporary:
            folder.chmod(0o700)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def torch_folder() -> Path | None:
    """Where torch looks for weights that it has downloaded; it need not be there. None without a home."""
    if told := os.environ.get("TORCH_HOME"):
        return Path(os.path.expanduser(told))  # noqa: PTH111  (pathlib raises for a home that is not there)
    home = _home_of_caches()
    return home / "torch" if home else None


def lead_libraries() -> str | None:
    """Let libraries write elsewhere where they would write to a home that is none, before they are loaded.

    What somebody has told them stays, and so does a cache that can only be read.

    Returns:
        A sentence about it; None where there is a home, and where nothing at all can be written.
    """
    _name_temporary_files()
    home = _home_of_caches()
    if home is not None and _can_be_written(home):
        return None
    try:
        folder = cache_folder()
    except InputError:  # which whoever needs one is told
        return None
    for variable, name in LIBRARIES.items():
        if home is None or not os.access(home / name, os.R_OK | os.X_OK):
            os.environ.setdefault(variable, str(folder / name))
    missing = f"'{home}' cannot be written" if home else "There is no home folder"
    return f"{missing}, so caches lie in '{folder}'. Set XDG_CACHE_HOME to a folder that lasts."


def is_own(folder: Path) -> bool:
    """Whether it is a folder of this user, and no link to one."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and (not hasattr(os, "getuid") or found.st_uid == os.getuid())


def _home_of_caches() -> Path | None:
    """The folder for the caches of all programs; None for a user whose home is not there."""
    if told := os.environ.get("XDG_CACHE_HOME"):
        return Path(told)
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / ".cache" if os.access(home, os.F_OK) else None


def _name_temporary_files() -> None:
    """Let libraries be imported that ask where temporary files go, where they can go nowhere."""
    try:
        tempfile.gettempdir()
    except OSError:
        tempfile.tempdir = os.environ.get("TMPDIR") or "/tmp"


def _temporary() -> Path | None:
    """A folder for this user among the temporary files; None where there is no place for those."""
    try:
        return Path(tempfile.gettempdir()) / f"textreid-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    except OSError:
        return None


def _can_be_written(folder: Path) -> bool:
    """Whether it is a folder that can be written, or can be made one."""
    there = next(place for place in (folder, *folder.parents) if os.access(place, os.F_OK))
    return os.access(there, os.W_OK | os.X_OK)
