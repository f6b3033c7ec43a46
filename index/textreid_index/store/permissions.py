"""Who may read a gallery: it is made for its owner alone, and keeps the permissions that somebody gives it.

SQLite gives its log and shared memory the permissions of the file that they belong to.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from textreid_index.whole_folder import OWNER_ONLY, OWNER_ONLY_FOLDER

try:
    import grp
    import pwd
except ImportError:  # Windows, which knows no such permissions
    grp = pwd = None  # type: ignore[assignment]


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner may enter; one that exists stays as it is.

    Raises:
        OSError: it cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(OWNER_ONLY_FOLDER)
        folder.chmod(OWNER_ONLY_FOLDER)  # whatever the umask


def make_private_file(file: Path) -> None:
    """Make an empty file that only its owner may read; one that exists stays as it is.

    Raises:
        OSError: it cannot be made.
    """
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
        file.chmod(OWNER_ONLY)


def describe_readers(file: Path) -> str:
    """Who may read this file, by the permissions of it and of the folders that it lies in.

    Root may always; access lists are not looked at.
    """
    if pwd is None:
        return "whoever the system lets"
    status, *above = [path.stat() for path in (file, *file.resolve().parents)]
    owner = _name_user(status.st_uid)
    if status.st_mode & stat.S_IROTH and all(folder.st_mode & stat.S_IXOTH for folder in above):
        return "everybody on this machine"
    group = status.st_gid
    enters = (folder.st_mode & (stat.S_IXGRP if folder.st_gid == group else stat.S_IXOTH) for folder in above)
    if status.st_mode & stat.S_IRGRP and all(enters):
        return f"{owner} and the group {_name_group(group)}"
    return f"{owner} alone"


def _name_user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _name_group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
