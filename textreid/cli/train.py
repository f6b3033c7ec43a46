"""`textreid train`: a recipe into a model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textreid.cli._console import stderr
from textreid.cli._options import Device
from textreid.cli._progress import make_bars

if TYPE_CHECKING:
    from rich.console import Console

    from textreid.training.progress import Reporter, StepReport


def run(
    recipe: Annotated[
        str, typer.Argument(help="A recipe's name, or the path of a TOML file.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the run; the model is DIR/model.")],
    root: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the data sets lie (the folder that holds CUHK-PEDES/ ...)."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of the recipe; may be repeated."),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="Train with so many seeds, each in DIR/seed-N, and sum them up.")
    ] = 1,
    device: Device = "auto",
) -> None:
    """Train a model by a recipe.

    Stop it whenever you like: the same command goes on from there.

    Examples:
      textreid train smoke --out runs/smoke
      textreid train cuhk-pedes-pocket --root data --out runs/pocket
      textreid train smoke --set stages.0.epochs=2 --set loss.triplet.margin=0.3 --out runs/short
      textreid train smoke --seeds 3 --out runs/three
      textreid eval cuhk-pedes --root data --split val --model runs/pocket/model
    """
    from textreid.inference.device import choose_device
    from textreid.recipe.recipe import load_recipe, with_root
    from textreid.training.from_recipe import train
    from textreid.training.multi_seed import train_seeds

    chosen = with_root(load_recipe(recipe, settings or ()), root)
    console = stderr()
    console.quiet = os.environ.get("RANK", "0") != "0"  # the first of several processes speaks for all
    on = choose_device(device)
    if seeds > 1:
        with _progress(console) as reporter:
            summary = train_seeds(chosen, out, seeds, device=on, reporter=reporter)
        for name, found in summary.items():
            console.print(f"{name}: {found['mean']:.2f} ± {found['interval']:.2f}")
        console.print(
            f"The models are in {out}/seed-*/model, all numbers in {out}/summary.json", markup=False
        )
        return
    with _progress(console) as reporter:
        folder = train(chosen, out, device=on, reporter=reporter)
    console.print(
        f"The model is in {folder}. Next: textreid index PHOTOS --gallery DIR --model {folder}", markup=False
    )


@contextmanager
def _progress(console: Console) -> Iterator[Reporter]:
    from textreid.training.progress import Reporter

    with make_bars(console) as bars:
        task = bars.add_task("reading the data", total=None, details="")

        class Bar(Reporter):
            def step(self, report: StepReport) -> None:
                epoch = f", epoch {report.epoch + 1}/{report.epochs}" if report.terms else ""
                losses = " ".join(f"{name} {value:.3f}" for name, value in report.terms.items())
                bars.update(
                    task,
                    description=report.title + epoch,
                    completed=report.epoch * report.steps + report.step,
                    total=report.epochs * report.steps,
                    details=f"{report.rate:.0f} rows/s {losses}" if losses else "",
                )

            def note(self, line: str) -> None:
                console.print(line, markup=False)

        yield Bar()
