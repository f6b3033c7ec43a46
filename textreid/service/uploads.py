"""Files that people send: stored with the gallery while it holds somebody from them, and removed after.

An upload moves into the gallery's own folder `uploads/` under a generated name, so that its full frame can be
shown later and nothing of it stays in a temporary folder.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from textreid_index import Gallery
from textreid_index.records import MEMBER_MARK

FOLDER = "uploads"


def store(files: Iterable[Path], gallery: Gallery) -> list[Path]:
    """Move uploads into the gallery; returns where they are now. One that it holds already stays as it is."""
    folder, stored = upload_folder(gallery), []
    folder.mkdir(mode=0o700, exist_ok=True)
    for file in files:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
        same = next(folder.glob(f"*-{digest}{file.suffix.lower()}"), None)
        stored.append(same or Path(shutil.move(file, folder / _safe_name(file, digest))))
    return stored


def sweep(gallery: Gallery, sources: Iterable[str]) -> None:
    """Delete the stored uploads among `sources` from which nobody is left. No other file is touched.

    Args:
        gallery: that they are stored with.
        sources: as records name them, such as "uploads/NAME".
    """
    for source in {source.split(MEMBER_MARK)[0] for source in sources}:
        folder, _, name = source.rpartition("/")
        if folder == FOLDER and not gallery.files.is_named(f"{FOLDER}/{name}"):
            gallery.forget(source)
            (upload_folder(gallery) / name).unlink(missing_ok=True)


def tidy(gallery: Gallery) -> None:
    """Delete stored uploads from which nobody is left, such as after a deletion on the command line.

    Files of the last hour stay: another process may be adding them now.
    """
    if upload_folder(gallery).is_dir():
        old = [file for file in upload_folder(gallery).iterdir() if time.time() - file.stat().st_ctime > 3600]
        sweep(gallery, [f"{FOLDER}/{file.name}" for file in old])


def upload_folder(gallery: Gallery) -> Path:
    """The folder of stored uploads."""
    return Path(gallery.path).absolute() / FOLDER


def _safe_name(file: Path, digest: str) -> str:
    """A name without surprises in which the sender's is still recognised."""
    stem = re.sub(r"[^A-Za-z0-9_]+", "-", file.stem)[:40].strip("-") or "upload"
    return f"{stem}-{digest}{file.suffix.lower()}"
