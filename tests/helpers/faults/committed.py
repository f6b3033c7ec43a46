"""What was committed to a gallery, and files as they lie on the disk meanwhile."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.helpers.toy_gallery import embed
from textreid_index import Gallery

FORMER = Path(__file__).parents[2] / "fixtures" / "b9f9629" / "folders.tar.xz"
"""Folders that an earlier version made, with a gallery among them."""


def content(gallery: Gallery, place: Path) -> list[object]:
    """Whatever can be read of a gallery, an export to another disk included."""
    records = list(gallery.records())
    hits = gallery.search(embed(["q"]), 9)[0].to_dicts()
    gallery.export(place / "exported")
    lines = (place / "exported" / "records.jsonl").read_text()
    shutil.rmtree(place / "exported")
    return [
        records,
        hits,
        gallery.vectors([records[-1].id]).tolist(),
        gallery.cameras(),
        gallery.verify(),
        lines,
    ]


def copy(gallery: Path, target: Path, endings: set[str]) -> None:
    """Copy a gallery's files as they lie on the disk now; of those beside the database only these endings."""
    target.mkdir()
    for file in gallery.iterdir():
        if "-" not in file.name or file.name[file.name.index("-") :] in endings:
            shutil.copy(file, target / file.name)
