"""`textreid eval`: a model measured by a published protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textreid.cli._console import print_json, print_table, stderr
from textreid.cli._options import AsJson, Device
from textreid.data import datasets

if TYPE_CHECKING:
    from rich.table import Table

    from textreid.evaluate import Evaluation
    from textreid.metrics.protocols import RetrievalResult

ROWS = {
    "R1": "R@1",
    "R5": "R@5",
    "R10": "R@10",
    "mAP": "mAP",
    "mAP_trapezoid": "mAP (Market-1501 toolkit)",
    "mINP": "mINP",
}


def run(
    dataset: Annotated[
        str, typer.Argument(help=f"One of {', '.join(datasets.names())}.", show_default=False)
    ],
    root: Annotated[
        Path,
        typer.Option(
            "--root",
            metavar="DIR",
            help="The folder that holds CUHK-PEDES/ or Market-1501-v15.09.15/, or that folder itself.",
            show_default=False,
        ),
    ],
    split: Annotated[str, typer.Option(help="train, val or test; market1501 has only test.")] = "test",
    rerank: Annotated[
        bool, typer.Option("--rerank", help="Add k-reciprocal re-ranking (image queries only).")
    ] = False,
    model: Annotated[str, typer.Option(metavar="NAME", help="A model's name, folder or hub id.")] = "pocket",
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Measure a model on a research data set by its official protocol.

    cuhk-pedes is searched by caption (text to image) and back; market1501 by image, single query.
    Percentages come with 95 % intervals over persons. Choose models on val, report test.

    \b
    Examples:
      textreid eval cuhk-pedes --root data --split val
      textreid eval cuhk-pedes --root data --split test --model runs/mine --json > mine.json
      textreid eval market1501 --root data --rerank
    """  # noqa: D301
    from textreid.benchmark import Benchmark

    benchmark = Benchmark.read(dataset, root, split)
    if benchmark.differences:
        stderr().print(
            f"[yellow]note[/] Not the published {split} split ({', '.join(benchmark.differences)}): "
            "do not compare with papers."
        )

    from textreid.encode import Encoder  # only now, so that a wrong folder is said at once
    from textreid.evaluate import evaluate

    encoder = Encoder.load(model, device=device)
    with _progress_bars() as show:
        evaluation = evaluate(encoder, benchmark, rerank=rerank, progress=show)
    if as_json:
        print_json(evaluation.to_dict())
    else:
        print_table(_table(evaluation))


@contextmanager
def _progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """One bar on stderr for each thing that is encoded, with rate and time left."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr()) as bars:
        tasks = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done)

        yield show


def _table(evaluation: Evaluation) -> Table:
    """Metrics down, directions across: narrow enough for a terminal of 80 columns."""
    from rich.table import Table

    benchmark = evaluation.benchmark
    counts = ", ".join(f"{count:,} {name}" for name, count in benchmark.counts.items())
    table = Table(
        title=f"{benchmark.dataset} {benchmark.split}: {evaluation.encoder.name}",
        caption=f"{counts}. Percent, [95 % interval].",
    )
    table.add_column("")
    for name in evaluation.directions:
        table.add_column(name.replace("_to_", " to ").replace("_", " "), justify="right")
    results = evaluation.directions.values()
    for name, label in ROWS.items():
        table.add_row(label, *(_cell(result, name) for result in results))
    table.add_section()
    for name in ("queries", "gallery", "skipped"):
        table.add_row(name, *(f"{getattr(result, name):,}" for result in results))
    return table


def _cell(result: RetrievalResult, name: str) -> str:
    low, high = result.ci95[name]
    return rf"{result.percent[name]:.2f} \[{low:.1f}, {high:.1f}]"
