"""What `textreid index` says when it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from rich.markup import escape

from textreid.cli._console import plural, stderr
from textreid.io.printable import printable

if TYPE_CHECKING:
    from textreid.ingest.indexing import AddReport

NAMED_FILES = 20
"""Files that are named one by one, of each kind of news."""

NAMED_ENDINGS = 8
"""Kinds of files passed over that are counted apart."""


def print_report(report: AddReport, gallery: Path, people: int, example: str, zone: str) -> None:
    """Say in plain words what happened, and what to type next.

    Args:
        report: what adding did.
        gallery: the gallery's folder.
        people: how many it holds now.
        example: of what to search for.
        zone: in which times without one were read.
    """
    _print_each("skipped", [f"{each.source}: {each.reason}" for each in report.skipped])
    _print_each("note", [f"{each.source}: {each.text}" for each in report.notes])
    if report.passed_over:
        stderr().print("[yellow]note[/]", escape(printable(_passed_over(report.passed_over))))
    parts = [f"{plural(report.added, 'person', 'people')} added"]
    if report.replaced:
        parts = [f"{parts[0]} in place of {report.replaced:,} from earlier readings"]
    parts += [f"{plural(report.known, 'file')} unchanged"] if report.known else []
    parts += [f"nobody found in {plural(report.empty, 'file')}"] if report.empty else []
    parts += [f"{plural(len(report.skipped), 'file')} skipped"] if report.skipped else []
    parts += [f"{plural(len(report.passed_over), 'file')} passed over"] if report.passed_over else []
    holds = f"{escape(str(gallery))} holds {plural(people, 'person', 'people')}."
    stderr().print(f"{'; '.join(parts)}. {holds}")
    if report.added:
        other = "; --zone names another" if zone == "UTC" else ""
        stderr().print(f"Times of files that name no zone are in {escape(zone)}{other}.")
    if people:
        stderr().print(f"Next: textreid search {example} --gallery {escape(str(gallery))}")


def _print_each(what: str, lines: Sequence[str]) -> None:
    for line in lines[:NAMED_FILES]:
        stderr().print(f"[yellow]{what}[/]", escape(printable(line)))  # a name may hold the end of a line
    if len(lines) > NAMED_FILES:
        stderr().print(f"... and {len(lines) - NAMED_FILES:,} more.")


def _passed_over(paths: Sequence[str]) -> str:
    """How many files are of which ending, and the first of them by name."""
    counts = Counter(PurePath(path).suffix.lower() or "without an ending" for path in paths)
    by_number = sorted(counts.items(), key=lambda kind: (-kind[1], kind[0]))
    kinds = [f"{count:,} {ending}" for ending, count in by_number[:NAMED_ENDINGS]]
    kinds += ["others"] if len(counts) > NAMED_ENDINGS else []
    more = ", ..." if len(paths) > 3 else ""
    return (
        f"passed over, since they are no photo, video or zip file: {', '.join(kinds)}"
        f" ({', '.join(PurePath(path).name for path in paths[:3])}{more})."
    )
