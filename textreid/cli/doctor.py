"""`textreid doctor`: what is wrong with a data set, before hours are spent on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textreid.cli._console import print_json, print_table, stderr
from textreid.cli._options import AsJson
from textreid.data import datasets

if TYPE_CHECKING:
    from textreid.data.doctor import Crops


def run(
    root: Annotated[
        Path, typer.Option("--root", metavar="DIR", help="Where the data set lies.", show_default=False)
    ],
    dataset: Annotated[
        str, typer.Argument(help=f"folder (your own data), or one of {', '.join(datasets.names())}.")
    ] = "folder",
    as_json: AsJson = False,
) -> None:
    """Explain why a model would find nobody: cameras, labels, splits, captions and pictures.

    Ends with status 1 where something makes the numbers meaningless, such as pictures without a camera,
    people without a second view, or the same person in training and test.

    Examples:
      textreid doctor --root my-people
      textreid doctor market1501 --root data
      textreid doctor --root my-people --json
    """
    from textreid.data.doctor import examine
    from textreid.data.parquet import read_splits

    crops = read_splits(dataset, root)
    with _progress_bar() as show:
        findings = examine(crops, progress=show)
    if as_json:
        counts = {split: len(own) for split, own in crops.items()}
        print_json({"pictures": counts, "findings": [asdict(finding) for finding in findings]})
    else:
        _print_splits(crops)
        for finding in findings:
            colour = "red" if finding.severity == "fatal" else "yellow"
            stderr().print(f"[{colour}]{finding.severity}[/] ", end="")
            stderr().print(f"{finding.what}\n  -> {finding.remedy}", markup=False)
        if not findings:
            stderr().print("Nothing is wrong with it.")
    if any(finding.severity == "fatal" for finding in findings):
        raise typer.Exit(1)


def _print_splits(crops: Crops) -> None:
    from rich.table import Table

    table = Table(*("split", "pictures", "people", "cameras", "captions"))
    for split, own in crops.items():
        people = len({crop.person_id for crop in own})
        cameras = len({crop.camera_id for crop in own} - {None})
        captions = sum(len(crop.captions) for crop in own)
        table.add_row(split, *(f"{count:,}" for count in (len(own), people, cameras, captions)))
    print_table(table)


@contextmanager
def _progress_bar() -> Iterator[Callable[[int, int], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("pictures"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr(), transient=True) as bar:
        task = bar.add_task("pictures", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
