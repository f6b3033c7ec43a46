"""`textreid doctor`: what is wrong with a data set, before hours are spent on it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textreid.cli._console import print_json, print_table, stderr
from textreid.cli._options import AsJson, ImageFolder
from textreid.cli._progress import progress_bar
from textreid.data import datasets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textreid.data.tools.doctor import Finding
    from textreid.data.tools.doctor.finding import Crops


def run(
    root: Annotated[
        Path, typer.Option("--root", metavar="DIR", help="Where the data set lies.", show_default=False)
    ],
    dataset: Annotated[
        str, typer.Argument(help=f"folder (your own data), or one of {', '.join(datasets.names())}.")
    ] = "folder",
    model: Annotated[
        str, typer.Option(metavar="NAME", help="The model that is to read the captions: how much of them?")
    ] = "pocket",
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what was found to a page, .html, with images."),
    ] = None,
    image_folder: ImageFolder = "",
    as_json: AsJson = False,
) -> None:
    """Explain why a model would find nobody: cameras, labels, splits, captions and images.

    Ends with status 1 where something makes the numbers meaningless, such as images without a camera,
    people without a second view, or the same person in training and test.

    Examples:
      textreid doctor --root my-people
      textreid doctor market1501 --root data
      textreid doctor cuhk-pedes --root data --model runs/mine
      textreid doctor --root my-people --report findings.html
      textreid doctor --root my-people --json
    """
    from textreid.data.tools.doctor import counts, examine
    from textreid.data.tools.parquet import read_splits
    from textreid.report.findings_page import check_page, write_findings

    if report:
        check_page(report)
    crops = read_splits(dataset, root, image_folder)
    with progress_bar("images") as show:
        findings = [
            *examine(crops, dataset, remarks=datasets.remarks(dataset, root), progress=show),
            *_find_cut_captions(crops, model),
        ]
    splits = counts(crops)
    if report:
        write_findings(report, f"{dataset}: {root}", splits, findings)
        stderr().print(f"Wrote {report}.", markup=False)
    if as_json:
        print_json({"splits": splits, "findings": [_to_dict(finding) for finding in findings]})
    else:
        _print_splits(splits)
        for finding in findings:
            colour = "red" if finding.severity == "fatal" else "yellow"
            stderr().print(f"[{colour}]{finding.severity}[/] ", end="")
            stderr().print(f"{finding.what}\n  -> {finding.remedy}", markup=False)
        if not findings:
            stderr().print("Nothing is wrong with it.")
    if any(finding.severity == "fatal" for finding in findings):
        raise typer.Exit(1)


def _to_dict(finding: Finding) -> dict[str, object]:
    return asdict(finding) | {"images": [str(image) for image in finding.images]}


def _find_cut_captions(crops: Crops, model: str) -> Iterator[Finding]:
    """Captions of which a model reads only the beginning."""
    captions = [caption for own in crops.values() for crop in own for caption in crop.captions]
    if captions:
        from textreid.data.tools.doctor import Finding
        from textreid.evaluate.reading import cut_captions
        from textreid.inference.encoder import Encoder

        for sentence in cut_captions(Encoder.load(model, device="cpu"), captions):
            yield Finding("warning", sentence, "Say what tells most about a person first.")


def _print_splits(splits: dict[str, dict[str, int]]) -> None:
    from rich.table import Table

    table = Table("split")
    for heading in next(iter(splits.values())):
        table.add_column(heading, justify="right")
    for split, counts in splits.items():
        table.add_row(split, *(f"{count:,}" for count in counts.values()))
    print_table(table)
