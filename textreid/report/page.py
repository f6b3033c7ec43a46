"""A report as one HTML file: no script, nothing to fetch, light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import numpy as np

from textreid.evaluate.encoding import Item
from textreid.metrics.curves import precision_recall, rank_curve
from textreid.report.charts import Series, line_chart
from textreid.report.entries import Entry
from textreid.report.extremes import Extreme, extremes, thumbnail
from textreid.report.tables import Section, Table, beside_published, in_words, measured, parts, sections_of

STYLE = Path(__file__).parent / "style.css"
RANKS = 50


def page(title: str, entries: Sequence[Entry], *, pictures: bool = False) -> str:
    """The whole page.

    Args:
        title: its heading.
        entries: at least one.
        pictures: whether to show best and worst queries; data sets for research may not be published so.
    """
    return document(title, "".join(_body(entries, pictures)))


def document(title: str, body: str) -> str:
    """A page with this heading around HTML."""
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE.read_text(encoding='utf-8')}</style></head>"
    )
    return f"{head}<body><main><h1>{escape(title)}</h1>{body}</main></body></html>\n"


def _body(entries: Sequence[Entry], pictures: bool) -> Iterator[str]:
    for section in sections_of(entries):
        yield f"<section><h2>{escape(f'{section.benchmark.dataset} {section.benchmark.split}')}</h2>"
        yield f"<p>{escape(section.facts)}</p>"
        yield _table(measured(section))
        yield f'<div class="charts">{_rank_chart(section)}{_precision_chart(section)}</div>'
        for direction in section.directions:
            table = beside_published(section, direction)
            if table is not None:
                yield _table(table)
        for table in parts(section):
            yield _table(table)
        if pictures:
            yield from _queries(section)
        yield "</section>"


def _rank_chart(section: Section) -> str:
    longest = max(line.result.gallery for line in section.lines)
    ranks = np.arange(1, min(RANKS, longest) + 1)
    series = [
        Series(_label(line.name, line.direction), ranks, 100 * rank_curve(line.result.found, len(ranks)))
        for line in section.lines
    ]
    return line_chart("Rank curve (CMC)", "rank", "queries with a right answer, %", series)


def _precision_chart(section: Section) -> str:
    series = []
    for line in section.lines:
        recall, precision = precision_recall(line.result.found)
        series.append(Series(_label(line.name, line.direction), 100 * recall, 100 * precision))
    return line_chart("Precision by recall", "right answers found, %", "precision, %", series)


def _queries(section: Section) -> Iterator[str]:
    for entry in section.entries:
        for direction in entry.evaluation.directions:
            if direction in entry.evaluation.encoded:
                best, worst = extremes(entry.evaluation, direction)
                for heading, chosen in (("Best", best), ("Worst", worst)):
                    yield f"<h3>{heading} queries, {escape(_label(entry.name, direction))}</h3>"
                    yield f'<ol class="queries">{"".join(map(_query, chosen))}</ol>'


def _query(extreme: Extreme) -> str:
    hits = "".join(
        f'<li class="{"right" if hit.right else "wrong"}">{_item(hit.item)}'
        f"<span>{'right' if hit.right else 'wrong'}</span></li>"
        for hit in extreme.hits
    )
    return (
        f'<li><div class="query">{_item(extreme.query)}<p>average precision {extreme.precision:.1f} %, first '
        f"right answer at rank {extreme.first}</p></div><ol>{hits}</ol></li>"
    )


def _item(item: Item) -> str:
    if item.caption is not None:
        return f"<blockquote>{escape(item.caption)}</blockquote>"
    return (
        f'<img src="{thumbnail(item.crop.image)}" alt="person {item.crop.person_id}, {escape(item.crop.id)}">'
    )


def _table(table: Table) -> str:
    heads = "".join(
        f'<th scope="col"{_number_class(table, column)}>{escape(name)}</th>'
        for column, name in enumerate(table.headings)
    )
    rows = "".join(
        f"<tr{' class=ours' if number in table.ours else ''}>{_cells(table, row)}</tr>"
        for number, row in enumerate(table.rows)
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.title)}"><table>'
        f"<caption>{escape(table.title)}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cells(table: Table, row: Sequence[str]) -> str:
    first = f'<th scope="row">{escape(row[0])}</th>'
    rest = (
        f"<td{_number_class(table, column)}>{_words(cell)}</td>"
        for column, cell in enumerate(row[1:], start=1)
    )
    return first + "".join(rest)


def _words(cell: str) -> str:
    first, line, remark = cell.partition("\n")
    return escape(first) + (f"<small>{escape(remark)}</small>" if line else "")


def _number_class(table: Table, column: int) -> str:
    return ' class="number"' if column in table.numbers else ""


def _label(name: str, direction: str) -> str:
    return f"{name}: {in_words(direction)}"
