"""`textreid calibrate`: what a model's scores mean, measured and kept in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textreid.cli._console import print_json, print_table, stderr
from textreid.cli._options import AsJson, Device
from textreid.cli._results import in_words, progress_bars
from textreid.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table

    from textreid.benchmark import Benchmark
    from textreid.evaluate.calibrate import Trial

SHOWN = (0.01, 0.05, 0.2)
"""The false-alarm rates that the table has room for."""


def run(
    model: Annotated[str, typer.Argument(help="A model's name or folder.", show_default=False)],
    root: Annotated[
        Path,
        typer.Option(
            "--root", metavar="DIR", help="The folder that holds the data sets' folders.", show_default=False
        ),
    ],
    text: Annotated[
        str | None,
        typer.Option(
            metavar="DATASET", help="Captioned images for searches by description: NAME or NAME:SPLIT."
        ),
    ] = None,
    photo: Annotated[
        str | None,
        typer.Option(metavar="DATASET", help="Images of persons for searches by photo: NAME or NAME:SPLIT."),
    ] = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Measure what a model's scores mean, and keep it in the model's folder.

    Searches then tell how likely each hit is the person, and --false-alarms says when nobody is. Take persons
    that the model was not trained on. A split left out is val for descriptions and test for photos; a kind of
    search left out is not calibrated. The model's fingerprint stays the same: galleries stay valid.

    What is printed was measured on other persons than it was fitted on: half of them each, both ways.

    \b
    Examples:
      textreid calibrate pocket --root data --text cuhk-pedes:val --photo market1501
      textreid calibrate runs/mine/model --root data --text rstpreid --json
    """  # noqa: D301
    from textreid.benchmark import Benchmark
    from textreid.calibration import Calibration
    from textreid.evaluate.calibrate import check, fit
    from textreid.evaluate.directions import IMAGE_TO_IMAGE, TEXT_TO_IMAGE, choose, encode

    if not (text or photo):
        raise InputError("Nothing to calibrate with: add --text cuhk-pedes:val, --photo market1501, or both.")
    asked: dict[str, tuple[Benchmark, str]] = {}
    for kind, name, usual, direction in (
        ("text", text, "val", TEXT_TO_IMAGE),
        ("photo", photo, "test", IMAGE_TO_IMAGE),
    ):
        if name:
            dataset, _, split = name.partition(":")
            asked[kind] = Benchmark.read(dataset, root, split or usual), direction
            choose(asked[kind][0], [direction])

    from textreid.encode import Encoder  # only now, so that a wrong folder is said at once

    encoder = Encoder.load(model, device=device)
    if encoder.folder is None:
        raise InputError(f"'{model}' has no folder of its own: download it to one and pass its path.")
    scales, trials = {}, {}
    for kind, (benchmark, direction) in asked.items():
        with progress_bars() as show:
            search = encode(encoder, benchmark, [direction], show)[direction].search
        data = f"{benchmark.dataset} {benchmark.split}"
        scales[kind], trials[kind] = fit(search, data), check(search, data)
    path = Calibration(encoder.info.fingerprint, **scales).write(encoder.folder)
    stderr().print(f"Wrote {path}.")
    if as_json:
        printed = {
            kind: {"data": scales[kind].data, "trials": [trial.to_dict() for trial in tried]}
            for kind, tried in trials.items()
        }
        print_json({"model": encoder.info.name, "fingerprint": encoder.info.fingerprint, **printed})
        return
    for kind, tried in trials.items():
        print_table(_table(f"{in_words(asked[kind][1])}: {scales[kind].data}", tried))


def _table(title: str, trials: list[Trial]) -> Table:
    from rich.table import Table

    table = Table(title=title, caption="Percent, on persons that the fit has not seen.")
    for heading in ("people", "right first", "error of probability", "of cosine"):
        table.add_column(heading, justify="right")
    for heading in ("false alarms", "score", "realised", "right first and kept"):
        table.add_column(heading, justify="right")
    for trial in trials:
        cells = [
            f"{trial.size:,}",
            *(f"{100 * x:.1f}" for x in (trial.found, trial.error, trial.cosine_error)),
        ]
        for rate, score, realised, kept in zip(
            trial.rates, trial.thresholds, trial.realised, trial.kept, strict=True
        ):
            if rate in SHOWN:
                shares = f"{100 * realised:.1f}", f"{100 * kept:.1f}"
                table.add_row(*cells, f"{100 * rate:g}", f"{score:.3f}", *shares)
                cells = [""] * 4
        table.add_section()
    return table
