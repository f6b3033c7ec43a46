"""A report as a file, in the format that its suffix names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textreid.errors import InputError
from textreid.report.entries import Entry
from textreid.report.markdown import markdown
from textreid.report.page import page

SUFFIXES = (".html", ".md")


def check_target(path: Path, *, pictures: bool) -> None:
    """Refuse a file that no report can be written to, before anything is measured.

    Raises:
        InputError: it is neither HTML nor Markdown, its folder is missing, or Markdown should hold images.
    """
    if path.suffix not in SUFFIXES:
        raise InputError(f"A report is a .html or a .md file, not '{path.name}'.")
    if pictures and path.suffix == ".md":
        raise InputError("Images need a page in HTML: name the report .html, or leave --pictures out.")
    if not path.parent.is_dir():
        raise InputError(f"'{path.parent}' is not there: make it first, or write the report elsewhere.")


def write_report(
    path: Path, entries: Sequence[Entry], *, pictures: bool = False, title: str = "textreid eval"
) -> None:
    """Write the page, in the format that its suffix names.

    Args:
        path: a .html or .md file.
        entries: what was measured.
        pictures: show the best and worst queries, in HTML.
        title: heading of the page.

    Raises:
        InputError: see `check_target`; or nothing was measured.
    """
    check_target(path, pictures=pictures)
    if not entries:
        raise InputError("Nothing was measured, so there is nothing to report.")
    text = markdown(title, entries) if path.suffix == ".md" else page(title, entries, pictures=pictures)
    path.write_text(text, encoding="utf-8")
