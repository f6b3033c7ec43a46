"""Files that people send: stored with the gallery while it holds somebody from them, and removed after.

An upload moves into the gallery's own folder `uploads/` under a generated name, so that its full frame can be
shown later and nothing of it stays in a temporary folder. Whoever deletes the last person found in it, on the
page, on the command line or from Python, deletes it too: `Gallery.delete` and `Gallery.forget` do.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from textreid.io.refusals import in_words
from textreid_index import Gallery, GalleryError
from textreid_index.in_use import in_use
from textreid_index.records import UPLOADS
from textreid_index.whole_folder import whole_file

JUST_NOW = 3600
"""Seconds for which an upload may be on its way into the gallery."""


@contextmanager
def stored(file: Path, gallery: Gallery) -> Iterator[Path]:
    """Move an upload into the gallery, whole or not at all, and yield where it is now.

    One whose content the gallery holds already is deleted, for it is there. While the block runs nobody
    removes it, also not with the last person that was found in it before.

    Raises:
        InputError: it cannot be written there.
    """
    with in_words(upload_folder(gallery)):
        place = _put(file, upload_folder(gallery))
    with in_use(place) as here:
        if here:
            file.unlink(missing_ok=True)
            yield place
            return
    with stored(file, gallery) as place:  # the last person in it was deleted just then
        yield place


def _put(file: Path, folder: Path) -> Path:
    """Where this content lies already, or lies now."""
    folder.mkdir(mode=0o700, exist_ok=True)
    digest = _digest(file)
    alike = folder.glob(f"*-{digest[:16]}{file.suffix.lower()}")
    same = next((one for one in alike if _digest(one) == digest), None)
    return same or _move(file, folder / _safe_name(file, digest[:16]))


def tidy(gallery: Gallery) -> None:
    """Delete stored uploads from which nobody is left, such as one whose addition was killed.

    Files of the last hour stay: another process may be adding them now. What cannot be deleted at the moment
    stays too, for the next time.
    """
    if upload_folder(gallery).is_dir() and not gallery.readonly:
        before = time.time() - JUST_NOW
        old = [file.name for file in upload_folder(gallery).iterdir() if file.stat().st_ctime < before]
        with suppress(GalleryError):
            gallery.files.remove_unused([f"{UPLOADS}/{name}" for name in old])


def upload_folder(gallery: Gallery) -> Path:
    """The folder of stored uploads."""
    return gallery.path / UPLOADS


def _move(file: Path, target: Path) -> Path:
    """Move a file, also onto another disk; what does not fit there leaves nothing that looks like it."""
    try:
        return file.rename(target)
    except OSError:
        with file.open("rb") as source, whole_file(target) as copy:
            shutil.copyfileobj(source, copy)
        file.unlink()
        return target


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _safe_name(file: Path, digest: str) -> str:
    """A name without surprises in which the sender's is still recognised."""
    stem = re.sub(r"[^A-Za-z0-9_]+", "-", file.stem)[:40].strip("-") or "upload"
    return f"{stem}-{digest}{file.suffix.lower()}"
