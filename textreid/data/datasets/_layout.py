"""Where a data set's own folder is."""

from __future__ import annotations

from pathlib import Path

from textreid.errors import InputError
from textreid.io.typed_path import typed_path


def find_folder(root: str | Path, folder: str, marker: str, *, hint: str) -> Path:
    """`root/folder`, or `root` itself when it is that folder; a path of the pattern `marker` is in it."""
    root = typed_path(root)
    for candidate in (root / folder, root):
        if candidate.is_dir() and any(candidate.glob(marker)):
            return candidate
    raise InputError(
        f"No {folder} data at '{root}': expected '{marker}' in '{root / folder}' or in '{root}'. {hint}"
    )
