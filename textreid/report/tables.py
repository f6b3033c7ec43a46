"""The tables of a report, as rows of words: HTML and Markdown print the same ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textreid.evaluate.benchmark import Benchmark
from textreid.report.entries import Entry, Line, lines_of
from textreid.report.published import published

METRICS = {
    "R1": "R@1",
    "R5": "R@5",
    "R10": "R@10",
    "mAP": "mAP (rectangle)",
    "mAP_trapezoid": "mAP (trapezoid)",
    "mINP": "mINP",
}


@dataclass(frozen=True)
class Table:
    """A table of words.

    Attributes:
        title: what it shows.
        headings: of its columns.
        rows: cells; the second line of one is a remark on the first.
        numbers: the columns that hold numbers.
        ours: rows that were measured here, among published ones.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: range
    ours: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Section:
    """All entries of one split of one data set.

    Attributes:
        benchmark: which split.
        entries: measured on it.
    """

    benchmark: Benchmark
    entries: Sequence[Entry]

    @property
    def lines(self) -> list[Line]:
        """Every result."""
        return [line for entry in self.entries for line in lines_of(entry)]

    @property
    def directions(self) -> list[str]:
        """In the order in which they were measured."""
        return list(dict.fromkeys(line.direction for line in self.lines))

    @property
    def facts(self) -> str:
        """Counts, and whether this is the published split."""
        counts = ", ".join(f"{count:,} {name}" for name, count in self.benchmark.counts.items())
        differences = self.benchmark.differences
        if differences is None:
            return f"{counts}."
        if differences:
            return f"{counts}. Not the published split: {', '.join(differences)}. Do not compare with papers."
        return f"{counts}: the published split."


def sections_of(entries: Sequence[Entry]) -> list[Section]:
    """The entries by data set and split, in the order of the first of each."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        benchmark = entry.evaluation.benchmark
        groups.setdefault((benchmark.dataset, benchmark.split), []).append(entry)
    return [Section(group[0].evaluation.benchmark, group) for group in groups.values()]


def measured(section: Section) -> Table:
    """Every result with its intervals."""
    rows = []
    for line in section.lines:
        cells = []
        for metric in METRICS:
            low, high = line.result.ci95[metric]
            cells.append(f"{line.result.percent[metric]:.2f}\n[{low:.1f}, {high:.1f}]")
        rows.append([line.name, in_words(line.direction), *cells])
    return Table(
        "Percent, with 95 % intervals over persons",
        ["model", "direction", *METRICS.values()],
        rows,
        range(2, 8),
    )


def beside_published(section: Section, direction: str) -> Table | None:
    """This run among published rows, best R@1 first; None where none is known, or this is another split."""
    rows = published(section.benchmark.dataset, direction)
    if not rows or section.benchmark.differences:
        return None
    listed: list[tuple[float, bool, list[str]]] = []
    for row in rows:
        values = [
            "–" if value is None else f"{value:g}" for value in (row.R1, row.R5, row.R10, row.mAP, row.mINP)
        ]
        words = ", ".join(filter(None, (row.system, row.backbone, row.venue)))
        listed.append((row.R1 or 0.0, False, [words, *values, row.caveats, row.source]))
    for line in section.lines:
        if line.direction == direction:
            values = [_number(line.result.percent[name]) for name in ("R1", "R5", "R10", "mAP", "mINP")]
            caveat = f"measured here, on {line.split}"
            listed.append((line.result.percent["R1"], True, [line.name, *values, caveat, "this report"]))
    listed.sort(key=lambda row: -row[0])
    return Table(
        f"{in_words(direction).capitalize()} beside published results",
        ["system", "R@1", "R@5", "R@10", "mAP", "mINP", "before you compare", "read in"],
        [cells for _, _, cells in listed],
        range(1, 6),
        frozenset(number for number, (_, own, _) in enumerate(listed) if own),
    )


def parts(section: Section) -> Iterator[Table]:
    """One table for each entry, direction and division of the queries."""
    for entry in section.entries:
        for direction, divisions in entry.evaluation.parts.items():
            for division, groups in divisions.items():
                rows = [
                    [name, f"{result.queries:,}", *(_number(result.percent[metric]) for metric in METRICS)]
                    for name, result in groups.items()
                ]
                if rows:
                    title = f"{entry.name}: {in_words(direction)} by {division} of the query"
                    yield Table(title, [division, "queries", *METRICS.values()], rows, range(1, 8))


def in_words(direction: str) -> str:
    """`text_to_image` as `text to image`."""
    return direction.replace("_", " ")


def _number(value: float) -> str:
    return f"{value:.2f}"
