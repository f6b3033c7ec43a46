"""Files that people send: checked, kept with the gallery while it holds somebody from them, and removed after.

An accepted upload moves into the gallery's own folder `uploads/` under a generated name, so that its full frame can be
shown later and nothing of it stays in the page's temporary folder.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from gradio.utils import get_upload_folder
from textreid.errors import InputError
from textreid.people import Skipped
from textreid.people.sources import kind_of
from textreid_index import Gallery, Where

FOLDER = "uploads"


def received(payload: object) -> Path:
    """The uploaded file that a caller of the API refers to.

    A caller could name any path of this machine; only what was uploaded through the page is accepted.

    Raises:
        InputError: it is no uploaded file.
    """
    named = payload.get("path") if isinstance(payload, dict) else payload
    path = Path(named).resolve() if isinstance(named, str) and "\0" not in named else None
    if path is None or not path.is_relative_to(Path(get_upload_folder()).resolve()) or not path.is_file():
        raise InputError("Upload the file first: with gradio_client, wrap its path in handle_file(...).")
    return path


def keep(files: Iterable[Path], folder: Path) -> tuple[list[Path], list[Skipped]]:
    """Move uploads into the gallery in `folder`; what is no photo, video or zip file is deleted and reported."""
    kept, refused = [], []
    for file in files:
        if kind_of(file.name) is None:
            file.unlink(missing_ok=True)
            refused.append(Skipped(file.name, "neither a photo nor a video nor a zip file."))
            continue
        target = folder / FOLDER / _safe_name(file)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.move(file, target)
        kept.append(target)
    return kept, refused


def sweep(gallery: Gallery, sources: Iterable[str]) -> None:
    """Delete the kept uploads among `sources` from which nobody is left in the gallery. Other files are never touched."""
    folder = Path(gallery.path).resolve() / FOLDER
    for path in {Path(source.split("!")[0]) for source in sources}:
        if path.parent.resolve() == folder and next(iter(gallery.records(Where(source=str(path)))), None) is None:
            gallery.forget(str(path))
            path.unlink(missing_ok=True)


def _safe_name(file: Path) -> str:
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    stem = re.sub(r"[^A-Za-z0-9]+", "-", file.stem).strip("-")[:40]
    return "-".join(part for part in (moment, secrets.token_hex(4), stem) if part) + file.suffix.lower()
