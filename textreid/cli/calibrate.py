"""`textreid calibrate`: what a model's scores mean, measured, and written into its folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textreid.cli._console import print_json, print_table, stderr
from textreid.cli._options import AsJson, Device, ImageFolder
from textreid.cli._progress import progress_bars
from textreid.cli._results import in_words
from textreid.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table

    from textreid.evaluate.benchmark import Benchmark
    from textreid.evaluate.calibration_check import Trial
    from textreid.evaluate.clause_fit import ClauseTrial
    from textreid.inference.calibration import Scale

TABLE_RATES = (0.01, 0.05, 0.2)
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
    image_folder: ImageFolder = "",
    as_json: AsJson = False,
) -> None:
    """Measure what a model's scores mean, and write it into the model's folder.

    Searches then say how likely each hit is the person, and --false-alarms says when nobody is. Take persons
    that the model was not trained on. A split left out is val for descriptions and test for photos; a kind of
    search left out is not calibrated. The model's fingerprint stays the same: galleries stay valid.

    What is printed was measured on other persons than it was fitted on: half of them each, both ways.

    \b
    Examples:
      textreid calibrate pocket --root data --text cuhk-pedes:val --photo market1501
      textreid calibrate runs/mine/model --root data --text rstpreid --json
    """  # noqa: D301
    from textreid.catalog import find_model
    from textreid.data import datasets
    from textreid.evaluate.benchmark import Benchmark
    from textreid.evaluate.calibration_check import check_calibration
    from textreid.evaluate.calibration_fit import fit_scale
    from textreid.evaluate.clause_draws import draw_searches
    from textreid.evaluate.clause_fit import fit_clauses, try_clauses
    from textreid.evaluate.directions import (
        IMAGE_TO_IMAGE,
        TEXT_TO_IMAGE,
        choose_directions,
        encode_directions,
    )
    from textreid.inference.calibration import Calibration

    if not (text or photo):
        raise InputError("Nothing to calibrate with: add --text cuhk-pedes:val, --photo market1501, or both.")
    names = [name.partition(":")[0] for name in (text, photo) if name]
    folders = datasets.image_folders(names, image_folder)
    asked: dict[str, tuple[Benchmark, str]] = {}
    for kind, name, usual, direction in (
        ("text", text, "val", TEXT_TO_IMAGE),
        ("photo", photo, "test", IMAGE_TO_IMAGE),
    ):
        if name:
            dataset, _, split = name.partition(":")
            asked[kind] = Benchmark.read(dataset, root, split or usual, folders[dataset]), direction
            choose_directions(asked[kind][0], [direction])

    from textreid.inference.encoder import Encoder  # only now, so that a wrong folder is said at once

    encoder = Encoder.load(model, device=device)
    scales, trials = {}, {}
    for kind, (benchmark, direction) in asked.items():
        with progress_bars() as show:
            search = encode_directions(encoder, benchmark, [direction], show)[direction].search
        data = f"{benchmark.dataset} {benchmark.split}"
        scales[kind], trials[kind] = fit_scale(search, data), check_calibration(search, data)
    clauses: tuple[Scale, ...] = ()
    matched: tuple[Scale, ...] = ()
    clause_trials: dict[str, list[ClauseTrial]] = {}
    if text:
        benchmark, data = asked["text"][0], scales["text"].data
        with progress_bars() as show:
            by_cosine, by_matcher = draw_searches(encoder, benchmark, show)
        clauses, matched = fit_clauses(by_cosine, data), fit_clauses(by_matcher, data)
        for name, draws in (("clauses", by_cosine), ("matched", by_matcher)):
            if tried_clauses := try_clauses(draws, data):
                clause_trials[name] = tried_clauses
    measured = Calibration(
        encoder.info.fingerprint, scales.get("text"), scales.get("photo"), clauses, matched
    )
    path = measured.write(find_model(model)[1])
    stderr().print(f"Wrote {path}.", markup=False)
    if as_json:
        printed = {
            kind: {"data": scales[kind].data, "trials": [trial.to_dict() for trial in tried]}
            for kind, tried in trials.items()
        }
        by_clauses = {name: [one.to_dict() for one in rows] for name, rows in clause_trials.items()}
        model_info = {"model": encoder.info.name, "fingerprint": encoder.info.fingerprint}
        print_json({**model_info, **printed, **by_clauses})
        return
    for kind, tried in trials.items():
        title = f"{in_words(asked[kind][1])}: {scales[kind].data}"
        print_table(_probabilities(title, tried))
        print_table(_thresholds(title, tried))
    for name, tried_clauses in clause_trials.items():
        print_table(_clauses(name, tried_clauses))


def _probabilities(title: str, trials: list[Trial]) -> Table:
    from rich.table import Table

    table = Table(title=f"{title}: probabilities", caption="Percent, of persons that the fit has not seen.")
    for heading in ("people", "error", "error of cosine", "first hit: claimed", "first hit: right"):
        table.add_column(heading, justify="right")
    for trial in trials:
        fractions = (trial.error, trial.cosine_error, trial.claimed, trial.right)
        table.add_row(f"{trial.size:,}", *(f"{100 * fraction:.1f}" for fraction in fractions))
    return table


def _thresholds(title: str, trials: list[Trial]) -> Table:
    from rich.table import Table

    table = Table(title=f"{title}: nobody matches", caption="Percent, of persons that the fit has not seen.")
    for heading in ("people", "false alarms", "realised", "score needed", "right first", "of these kept"):
        table.add_column(heading, justify="right")
    for trial in trials:
        for place, rate in enumerate(trial.rates):
            if rate in TABLE_RATES:
                table.add_row(
                    f"{trial.size:,}",
                    f"{100 * rate:g}",
                    f"{100 * trial.realised[place]:.1f}",
                    f"{trial.thresholds[place]:.3f}",
                    f"{100 * trial.found:.1f}",
                    f"{100 * trial.kept[place] / max(trial.found, 1e-9):.1f}",
                )
        table.add_section()
    return table


def _clauses(ranked_by: str, trials: list[ClauseTrial]) -> Table:
    from rich.table import Table

    by = {"clauses": "cosine", "matched": "matcher"}[ranked_by]
    table = Table(
        title=f"by the number of clauses, ranked by {by}",
        caption="Percent, of persons that the fit has not seen.",
    )
    for heading in ("clauses", "people", "false alarms", "realised", "right first", "of these kept"):
        table.add_column(heading, justify="right")
    for trial in trials:
        for place, rate in enumerate(trial.rates):
            if rate in TABLE_RATES:
                shares = (trial.found, trial.kept[place] if trial.kept else None)
                table.add_row(
                    str(trial.clauses),
                    f"{trial.size:,}",
                    f"{100 * rate:g}",
                    f"{100 * trial.realised[place]:.1f}",
                    *("" if share is None else f"{100 * share:.1f}" for share in shares),
                )
    return table
