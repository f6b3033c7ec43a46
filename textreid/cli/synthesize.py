"""`textreid synthesize`: drawn people to train on, to test with and to show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from textreid.cli._progress import progress_bar
from textreid.errors import UnknownNameError

FORMATS = ("cuhk-pedes", "market1501", "frames", "plates")


def run(
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="The folder to write into.", show_default=False),
    ],
    layout: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")] = "cuhk-pedes",
    identities: Annotated[int, typer.Option(help="How many different people.")] = 100,
    images: Annotated[
        int | None,
        typer.Option(
            help="Crops of each (4 in cuhk-pedes, 8 in market1501 and plates), or frames in all (40).",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Equal seeds write equal files.")] = 0,
) -> None:
    """Draw people who do not exist, with captions, in the layout of a research data set.

    cuhk-pedes has captioned crops, market1501 crops from six cameras, frames full images with several
    people and their boxes; plates has licence plates, for other uses. Everything appears in DIR at the
    end; stopped before, nothing does.

    Examples:
      textreid synthesize --out drawn --identities 500 --images 4
      textreid synthesize --out drawn --format market1501 --identities 50
      textreid synthesize --out drawn --format frames --images 100 --seed 7
    """
    if layout not in FORMATS:
        raise UnknownNameError("format", layout, FORMATS)
    from textreid import synthetic

    writers: dict[str, tuple[Callable[..., Path], str, int]] = {
        "cuhk-pedes": (synthetic.write_cuhk_pedes, "images_per_identity", 4),
        "market1501": (synthetic.write_market1501, "images_per_identity", 8),
        "frames": (synthetic.write_frames, "frames", 40),
        "plates": (synthetic.write_plates, "images_per_identity", 8),
    }
    write, counted, usual = writers[layout]
    count = {counted: usual if images is None else images}
    with progress_bar("drawing") as show:
        print(write(out, identities=identities, seed=seed, progress=show, **count))
