"""What the doctor found, with the images that show it, as one HTML file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from textreid.data.tools.doctor.finding import Finding
from textreid.errors import ImageError, InputError
from textreid.report.extremes import thumbnail
from textreid.report.page import document


def write_findings(
    path: Path, title: str, counts: Mapping[str, Mapping[str, int]], findings: Sequence[Finding]
) -> None:
    """Write the page.

    Args:
        path: a .html file.
        title: its heading.
        counts: split -> how much there is of what.
        findings: what the doctor found; their images are put into the page, small.

    Raises:
        InputError: it is no .html file, or cannot be written.
    """
    check_page(path)
    body = "".join([*_counts(counts), *map(_section, findings)]) or "<p>Nothing is wrong with it.</p>"
    try:
        path.write_text(document(title, body), encoding="utf-8")
    except OSError as error:
        raise InputError(f"The page {path} cannot be written: {error.strerror}.") from error


def check_page(path: Path) -> None:
    """Refuse a file that no page can be written to, before hours are spent.

    Raises:
        InputError: it is no .html file, or its folder is missing.
    """
    if path.suffix != ".html":
        raise InputError(f"The doctor's report is a page in HTML: name it .html, not '{path.name}'.")
    if not path.parent.is_dir():
        raise InputError(f"'{path.parent}' is not there: make it first, or write the report elsewhere.")


def _counts(counts: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    for split, own in counts.items():
        there = ", ".join(f"{count:,} {name}" for name, count in own.items() if count)
        yield f"<p><b>{escape(split)}</b>: {escape(there)}</p>"


def _section(finding: Finding) -> str:
    colour = "wrong" if finding.severity == "fatal" else "right"
    images = "".join(f'<li class="{colour}">{_image(image)}</li>' for image in finding.images)
    shown = f'<div class="queries"><ol>{images}</ol></div>' if images else ""
    return (
        f"<section><h2>{escape(finding.severity)}</h2><h3>{escape(finding.what)}</h3>"
        f"<p>{escape(finding.remedy)}</p>{shown}</section>"
    )


def _image(image: Path) -> str:
    try:
        return f'<img src="{thumbnail(image)}" alt=""><span>{escape(image.name)}</span>'
    except ImageError as error:
        return f"<span>{escape(image.name)}: {escape(str(error))}</span>"
