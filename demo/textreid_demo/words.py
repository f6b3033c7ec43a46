"""What the page says, in sentences and as a table."""

from __future__ import annotations

import csv
import io
import logging
from pathlib import Path

from textreid.errors import TextReIDError
from textreid.ingest.indexing import AddReport
from textreid.io.printable import printable
from textreid_index import Cut, GalleryError, Hits

logger = logging.getLogger("textreid_demo")

EMPTY_GALLERY = (
    "No people in this gallery yet.\nAdd photos below, or run: textreid index PHOTOS --gallery {path}"
)
NOBODY_PASSES = "Nobody passes these filters.\nWiden the time or choose any camera."
DELETE_WARNING = (
    "Delete this person from the gallery? Vector, thumbnail and record are erased and cannot be brought "
    "back. Files outside the gallery are not touched."
)
RESPONSIBLE_USE = (
    "A percentage says how often such a hit was right in tests, going by looks and not by who somebody is: "
    "check every result with your own eyes. "
    "Search only photos you may use. Nothing leaves this machine, and a person deleted here is gone."
)
UNEXPECTED_ERROR = (
    "Something went wrong and was not your doing. The details are in the terminal that runs textreid demo."
)

ON_PURPOSE = (TextReIDError, GalleryError)
"""Errors that say in their own words what is wrong."""

EVERYBODY = ""
MATCHES = {
    "Everybody, best first": EVERYBODY,
    "Likely matches (1 false alarm in 20 searches)": "0.05",
    "Very likely matches (1 false alarm in 100 searches)": "0.01",
}
"""Who is shown: what the page offers, and the false-alarm rate behind it."""


_FORMULAS = frozenset("=+-@＝＋－＠")
_SPACES = " \t\r\n\u00a0\u3000"


def parse_rate(matches: str) -> float | None:
    """The false-alarm rate behind a choice of `MATCHES`."""
    return float(matches) if matches else None


def describe_rate(rate: float) -> str:
    """`1 in 20 searches for somebody who is not here would find anybody`."""
    return f"1 in {1 / rate:.0f} searches for somebody who is not here would find anybody"


def explain_no_match(cut: Cut, rate: float) -> str:
    """What to say when nobody is good enough."""
    return (
        f"Nobody matches.\nThe best score is {cut.best:.2f}; a likely match needs {cut.needed:.2f} here, "
        f"so that only {describe_rate(rate)}."
    )


def format_probability(probability: float) -> str:
    """`83 %`, and never 0 or 100: nothing here is certain."""
    percent = round(100 * probability)
    return "under 1 %" if percent < 1 else "over 99 %" if percent > 99 else f"{percent} %"


def describe_error(error: Exception) -> str:
    """What to tell somebody about an error; surprises go to the log, not to the page."""
    if isinstance(error, ON_PURPOSE):
        return str(error)
    logger.error("The page could not do what was asked.", exc_info=error)
    return UNEXPECTED_ERROR


def count(number: int, one: str, many: str) -> str:
    """`1 person`, `2 people`."""
    return f"{number} {one if number == 1 else many}"


def count_people(number: int) -> str:
    """`1 person`, `2 people`."""
    return count(number, "person", "people")


def describe_report(report: AddReport) -> str:
    """What adding did, a sentence a line."""
    lines = [f"Added {count_people(report.added)}."]
    if report.known:
        lines.append(f"In the gallery already: {count(report.known, 'file', 'files')}.")
    if report.empty:
        lines.append(f"Nobody was found in {count(report.empty, 'file', 'files')}.")
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
    if not isinstance(value, str):
        return value
    text = printable(value)
    acts = value[:1] in _SPACES or text.lstrip(_SPACES)[:1] in _FORMULAS
    return f"'{text}" if text and acts else text
