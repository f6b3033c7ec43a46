"""`textreid bench`: models measured on many data sets, also on those they were not trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textreid.cli._console import print_json, print_table, stderr
from textreid.cli._options import AsJson, Device, ImageFolder, ReportFile, ReportPictures
from textreid.cli._progress import progress_bars
from textreid.cli._results import columns_of, say_note, warn_of_differences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from textreid.evaluate.suite_run import Row
    from textreid.types import ImageTextEncoder


def run(
    suite: Annotated[
        str, typer.Argument(help="A suite's name (core, text, image) or its TOML file.", show_default=False)
    ],
    root: Annotated[
        Path,
        typer.Option(
            "--root", metavar="DIR", help="The folder that holds the data sets' folders.", show_default=False
        ),
    ],
    model: Annotated[
        list[str],
        typer.Option(
            "--model",
            metavar="NAME",
            help="A model's name, folder or hub id; may be repeated. Left out: the suite's own.",
            show_default=False,
        ),
    ] = [],  # noqa: B006
    report: ReportFile = None,
    pictures: ReportPictures = False,
    device: Device = "auto",
    image_folder: ImageFolder = "",
    as_json: AsJson = False,
) -> None:
    """Measure models on a suite of data sets, cross-domain included.

    A model measured on a data set that it did not learn from is marked "cross", or "overlap" where it learned
    from another with images of the same source. A data set that cannot be measured is named and left out.

    \b
    Examples:
      textreid bench core --root data
      textreid bench core --root data --model runs/a/model --model runs/b/model --report report.html
      textreid bench mine.toml --root data --json > mine.json
    """  # noqa: D301
    from textreid.evaluate.suite import load_suite
    from textreid.evaluate.suite_run import run_suite
    from textreid.report.entries import Entry
    from textreid.report.report_file import check_target, write_report

    chosen = load_suite(suite, model)
    if report:
        check_target(report, pictures=pictures)

    def load(name: str) -> ImageTextEncoder:
        from textreid.inference.encoder import Encoder  # only now, so that a wrong folder is said at once

        return Encoder.load(name, device=device)

    rows = []
    with progress_bars() as show:
        measured = run_suite(
            chosen,
            root,
            load,
            image_folder=image_folder,
            progress=show,
            note=lambda line: stderr().print(line, markup=False),
        )
        for row in measured:
            rows.append(row)
            if row.evaluation is None:
                say_note(f"{row.measure.dataset} is left out: {row.missing}")
            else:
                warn_of_differences(row.evaluation.benchmark)
    if report:
        entries = [Entry(row.evaluation, domain=row.domain) for row in rows if row.evaluation]
        write_report(report, entries, pictures=pictures, title=f"textreid bench {chosen.name}")
        stderr().print(f"Wrote {report}.", markup=False)
    if as_json:
        print_json({"suite": chosen.name, "rows": [row.to_dict() for row in rows]})
        return
    print_table(_table(f"{chosen.name}: {chosen.description}" if chosen.description else chosen.name, rows))


def _table(title: str, rows: Sequence[Row]) -> Table:
    """One line for each model, data set and direction."""
    from rich.table import Table

    table = Table(title=title)
    for heading in ("model", "data set", "domain", "direction", "R@1", "R@5", "R@10", "mAP", "mINP"):
        table.add_column(heading, justify="right" if heading.startswith(("R@", "mAP", "mINP")) else "left")
    for row in rows:
        place = (row.model.name, f"{row.measure.dataset} {row.measure.split}", row.domain)
        if row.evaluation is None:
            table.add_row(*place, "left out")
            continue
        for direction, result in columns_of(row.evaluation).items():
            values = (f"{result.percent[metric]:.2f}" for metric in ("R1", "R5", "R10", "mAP", "mINP"))
            table.add_row(*place, direction, *values)
    return table
