"""`textreid convert`: a data set to Parquet and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from textreid.cli._console import stderr
from textreid.cli._options import ImageFolder
from textreid.cli._progress import progress_bar
from textreid.cli._results import say_note
from textreid.data import datasets


def run(
    dataset: Annotated[
        str,
        typer.Argument(help=f"parquet, or one of {', '.join(datasets.names())}.", show_default=False),
    ],
    root: Annotated[
        str,
        typer.Option(
            "--root", metavar="DIR", help="Where it lies; for parquet also a hub id.", show_default=False
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="A new folder to write into.", show_default=False)
    ],
    image_folder: ImageFolder = "",
) -> None:
    """Turn a data set into Parquet files that hold the images, or such files into a folder of images.

    Parquet files load with `datasets.load_dataset("DIR")`; the folder is one of your own data. Of a data set
    that is split again and again (VIPeR) the first trial is written, which has every image. DIR appears at
    the end; stopped before, nothing does.

    Examples:
      textreid convert market1501 --root data --out market-parquet
      textreid convert folder --root my-people --out my-people-parquet
      textreid convert parquet --root market-parquet --out market-folder
    """
    from textreid.data.image_paths import require_files
    from textreid.data.tools.doctor import examine_labels
    from textreid.data.tools.parquet import read_parquet, read_splits, write_parquet

    if dataset != "parquet":
        crops = read_splits(dataset, root, image_folder)
        for finding in examine_labels(crops, dataset, remarks=datasets.remarks(dataset, root)):
            say_note(f"{finding.what} See: textreid doctor {dataset} --root {root}")
        for split, own in crops.items():
            require_files(own, f"'{split}'")

    with progress_bar("images") as show:
        if dataset == "parquet":
            counts = read_parquet(root, out, progress=show)
        else:
            counts = write_parquet(dataset, root, out, image_folder=image_folder, progress=show)
    stderr().print(", ".join(f"{split}: {count:,} images" for split, count in counts.items()))
    print(out)
