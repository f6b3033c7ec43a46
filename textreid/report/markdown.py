"""A report in Markdown: the tables alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textreid.report.entries import Entry
from textreid.report.tables import Table, beside_published, measured, parts, sections_of


def markdown(title: str, entries: Sequence[Entry]) -> str:
    """The whole page."""
    return "\n".join(_lines(title, entries)) + "\n"


def _lines(title: str, entries: Sequence[Entry]) -> Iterator[str]:
    yield f"# {title}"
    for section in sections_of(entries):
        yield f"\n## {section.benchmark.dataset} {section.benchmark.split}\n\n{section.facts}"
        yield _table(measured(section))
        for direction in section.directions:
            table = beside_published(section, direction)
            if table is not None:
                yield _table(table)
        for table in parts(section):
            yield _table(table)


def _table(table: Table) -> str:
    rule = ["---:" if number in table.numbers else "---" for number in range(len(table.headings))]
    rows = [
        [f"**{cell}**" if number in table.ours else cell for cell in map(_cell, row)]
        for number, row in enumerate(table.rows)
    ]
    lines = (f"| {' | '.join(row)} |" for row in (table.headings, rule, *rows))
    return f"\n### {table.title}\n\n" + "\n".join(lines)


def _cell(words: str) -> str:
    return words.replace("|", r"\|").replace("\n", " ")
