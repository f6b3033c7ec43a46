"""On what kind of file system a folder lies, as far as the system tells."""

from __future__ import annotations

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")


def describe_file_system(folder: Path) -> str:
    """The kind of file system, and what is mounted where, as the subject of a sentence.

    Args:
        folder: of what does not exist, the nearest folder above counts, which is on the same file system.
    """
    real = folder.resolve()
    mounts = [mount for mount in _read_mounts() if real.is_relative_to(mount[0])]
    if not mounts:
        return "The file system there"
    point, kind, device = max(mounts, key=lambda mount: len(mount[0].parts))
    return f"The file system there ({kind}, {device} at {point})"


def _read_mounts() -> list[tuple[Path, str, str]]:
    """Where what is mounted: folder, kind and device; the last of several on one folder is the one in use."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # no Linux
        return []
    mounts = {}
    for line in lines:
        before, _, after = line.partition(" - ")
        point, (kind, device, *_) = Path(_unescaped(before.split(" ")[4])), after.split(" ")
        mounts[point] = (point, kind, _unescaped(device))
    return list(mounts.values())


def _unescaped(text: str) -> str:
    r"""With the characters that stand there as "\040" and the like."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
