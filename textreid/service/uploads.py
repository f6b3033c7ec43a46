"""Files that people send: kept with the gallery while it holds somebody from them, and removed after.

An upload moves into the gallery's own folder `uploads/` under a generated name, so that its full frame can be
shown later and nothing of it stays in the page's temporary folder.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from textreid_index import Gallery, Where

FOLDER = "uploads"


def keep(files: Iterable[Path], gallery: Gallery) -> list[Path]:
    """Move uploads into the gallery; returns where they are now. One that it holds already stays as it is."""
    folder, kept = uploads_of(gallery), []
    folder.mkdir(mode=0o700, exist_ok=True)
    for file in files:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
        same = next(folder.glob(f"*-{digest}{file.suffix.lower()}"), None)
        kept.append(same or Path(shutil.move(file, folder / _name(file, digest))))
    return kept


def sweep(gallery: Gallery, sources: Iterable[str]) -> None:
    """Delete the kept uploads among `sources` from which nobody is left. No other file is touched."""
    prefix = f"{uploads_of(gallery)}/"
    names = {source.removeprefix(prefix).split("!")[0] for source in sources if source.startswith(prefix)}
    for name in names:
        source = prefix + name
        if "/" not in name and next(gallery.records(Where(source=source)), None) is None:
            gallery.forget(source)
            Path(source).unlink(missing_ok=True)


def tidy(gallery: Gallery) -> None:
    """Delete kept uploads from which nobody is left, such as after a deletion on the command line.

    Files of the last hour stay: another page may be adding them now.
    """
    if uploads_of(gallery).is_dir():
        old = [file for file in uploads_of(gallery).iterdir() if time.time() - file.stat().st_ctime > 3600]
        sweep(gallery, map(str, old))


def uploads_of(gallery: Gallery) -> Path:
    """The folder of kept uploads, absolute, as the records' sources name it."""
    return Path(gallery.path).absolute() / FOLDER


def _name(file: Path, digest: str) -> str:
    """A name without surprises in which the sender's is still recognised."""
    stem = re.sub(r"[^A-Za-z0-9_]+", "-", file.stem)[:40].strip("-") or "upload"
    return f"{stem}-{digest}{file.suffix.lower()}"
