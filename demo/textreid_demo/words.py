"""What the page says, in sentences and as a table."""

from __future__ import annotations

import csv
import io
import logging
from pathlib import Path

from textreid.errors import TextReIDError
from textreid.indexing import AddReport
from textreid_index import GalleryError, Hits

logger = logging.getLogger("textreid_demo")

EMPTY_GALLERY = (
    "No people in this gallery yet.\nAdd photos below, or run: textreid index PHOTOS --gallery {path}"
)
NOBODY = "Nobody passes these filters.\nWiden the time or choose any camera."
DELETING = (
    "Delete this person from the gallery? Vector, thumbnail and record are erased and cannot be brought "
    "back. Files outside the gallery are not touched."
)
RESPONSIBLE = (
    "A score says how alike two things look, not who somebody is: check every result with your own eyes. "
    "Search only pictures you may use. Nothing leaves this machine, and a person deleted here is gone."
)
TROUBLE = (
    "Something went wrong and was not your doing. The details are in the terminal that runs textreid demo."
)


def in_words(error: Exception) -> str:
    """What to tell somebody about an error; surprises go to the log, not to the page."""
    if isinstance(error, (TextReIDError, GalleryError)):
        return str(error)
    logger.error("The page could not do what was asked.", exc_info=error)
    return TROUBLE


def counted(number: int, one: str, many: str) -> str:
    """`1 person`, `2 people`."""
    return f"{number} {one if number == 1 else many}"


def people(number: int) -> str:
    """`1 person`, `2 people`."""
    return counted(number, "person", "people")


def added(report: AddReport) -> str:
    """What adding did, a sentence a line."""
    lines = [f"Added {people(report.added)}."]
    if report.known:
        lines.append(f"In the gallery already: {counted(report.known, 'file', 'files')}.")
    if report.empty:
        lines.append(f"Nobody was found in {counted(report.empty, 'file', 'files')}.")
    lines += [f"Skipped {Path(skipped.source).name}: {skipped.reason}" for skipped in report.skipped]
    return "\n".join(lines)


def to_csv(hits: Hits) -> str:
    """Hits as CSV with a header. What a spreadsheet would take for a formula gets an apostrophe in front."""
    buffer = io.StringIO()
    rows = [{**hit, "box": " ".join(f"{x:g}" for x in hit["box"] or ())} for hit in hits.to_dicts()]
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
