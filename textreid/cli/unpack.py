"""`textreid unpack`: a data set that comes as one file, as the folders that the other verbs read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    folder: Annotated[
        Path,
        typer.Argument(help="The folder with cuhk03_release/cuhk-03.mat.", show_default=False),
    ],
) -> None:
    """Unpack CUHK03: images and test sets from the authors' one MATLAB file.

    Images and the lists of the 20 test sets are written beside it; a second call overwrites them. It needs
    h5py: pip install h5py.

    Examples:
      textreid unpack data/cuhk03
    """
    from textreid.data.tools.unpack_cuhk03 import unpack

    unpack(folder)
    print(folder)
