"""Measured results as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rich.markup import escape

from textreid.cli._console import stderr

if TYPE_CHECKING:
    from rich.table import Table

    from textreid.evaluate.benchmark import Benchmark
    from textreid.evaluate.evaluation import Evaluation
    from textreid.metrics.result import RetrievalResult

ROWS = {
    "R1": "R@1",
    "R5": "R@5",
    "R10": "R@10",
    "mAP": "mAP",
    "mAP_trapezoid": "mAP (Market-1501 toolkit)",
    "mINP": "mINP",
}


def columns_of(evaluation: Evaluation, selection: str = "") -> dict[str, RetrievalResult]:
    """Heading -> result: each direction, and before it the one without what was done to it."""
    columns = {}
    for name, result in evaluation.directions.items():
        words = in_words(name) + (f", {selection}" if selection else "")
        if name in evaluation.plain:
            columns[f"{words}, plain"] = evaluation.plain[name]
        if names := evaluation.methods_of(name).names:
            words += ", " + " + ".join(names)
        columns[words] = result
    return columns


def metrics_table(title: str, caption: str, columns: Mapping[str, RetrievalResult]) -> Table:
    """Metrics down, results across: narrow enough for a terminal of 80 columns."""
    from rich.table import Table

    table = Table(title=title, caption=caption)
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    for name, label in ROWS.items():
        table.add_row(label, *(_cell(result, name) for result in columns.values()))
    table.add_section()
    for name in ("queries", "gallery", "skipped"):
        table.add_row(name, *(f"{getattr(result, name):,}" for result in columns.values()))
    return table


def parts_tables(evaluation: Evaluation) -> Iterator[Table]:
    """One table for each direction and division of its queries; it is said which has nothing to show."""
    from rich.table import Table

    for direction, divisions in evaluation.parts.items():
        for division, groups in divisions.items():
            if not groups:
                stderr().print(f"[yellow]note[/] {in_words(direction)}: no query has a {division}.")
                continue
            table = Table(title=f"{in_words(direction)} by {division} of the query")
            for heading in (division, "queries", "R@1", "R@10", "mAP"):
                table.add_column(heading, justify="left" if heading == division else "right")
            for name, result in groups.items():
                values = (_cell(result, metric) for metric in ("R1", "R10", "mAP"))
                table.add_row(name, f"{result.queries:,}", *values)
            yield table


def in_words(direction: str) -> str:
    """`text_to_image` as `text to image`."""
    return direction.replace("_", " ")


def warn_of_differences(benchmark: Benchmark) -> None:
    """Say on stderr that these are not the data that papers report."""
    if benchmark.differences:
        name, differences = f"{benchmark.dataset} {benchmark.split}", ", ".join(benchmark.differences)
        stderr().print(
            f"[yellow]note[/] Not the published {name} ({differences}): do not compare with papers."
        )


def say_note(sentence: str) -> None:
    """Say on stderr what a reader of the numbers has to know."""
    stderr().print("[yellow]note[/]", escape(sentence))


def counts_in_words(evaluation: Evaluation) -> str:
    """What was searched."""
    return ", ".join(f"{count:,} {name}" for name, count in evaluation.benchmark.counts.items())


def runtimes_in_words(evaluation: Evaluation) -> str:
    """What encoded it, such as "torch", or "images by OpenVINO, texts by torch"."""
    runtimes = evaluation.runtimes
    if len(set(runtimes.values())) < 2:
        return next(iter(runtimes.values()), "an encoder of its own")
    return ", ".join(f"{name} by {runtime}" for name, runtime in runtimes.items())


def _cell(result: RetrievalResult, name: str) -> str:
    low, high = result.ci95[name]
    return rf"{result.percent[name]:.2f} \[{low:.1f}, {high:.1f}]"
