"""Unpack CUHK03, which comes as one file.

The authors' `cuhk-03.mat` holds the images and the 20 test sets in one MATLAB 7.3 file; reading it needs
h5py.
"""

from __future__ import annotations

import importlib
import json
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from textreid.errors import InputError, TextReIDError
from textreid.io.typed_path import typed_path
from textreid.io.whole_folder import whole_folder
from textreid_index.whole_folder import whole_file

BOXES = ("labeled", "detected")


def unpack(folder: str | Path) -> None:
    """Make `images_{labeled, detected}` and `splits_classic_{labeled, detected}.json` of one `cuhk-03.mat`.

    Args:
        folder: holds `cuhk03_release/cuhk-03.mat`, and gets the rest, all of it or nothing. A second call
            overwrites.

    Raises:
        InputError: the file is not there or damaged, h5py is not installed, or there is no room.
    """
    path = typed_path(folder) / "cuhk03_release" / "cuhk-03.mat"
    if not path.is_file():
        raise InputError(f"There is no '{path}': put the authors' cuhk-03.mat there.")
    try:
        h5py: Any = importlib.import_module("h5py")
    except ImportError as error:
        raise InputError("Reading cuhk-03.mat needs h5py: pip install h5py") from error
    try:
        with h5py.File(path) as mat, ExitStack() as whole:
            for boxes in BOXES:  # nothing takes its place before all is written
                images = whole.enter_context(
                    whole_folder(path.parent.parent / f"images_{boxes}", replace=True)
                )
                lists = whole.enter_context(whole_file(path.parent.parent / f"splits_classic_{boxes}.json"))
                names = _write_images(mat, boxes, images)
                splits = [_split(names, _read(mat, tested)) for tested in mat["testsets"][0]]
                lists.write(json.dumps(splits).encode())
    except TextReIDError:
        raise
    except Exception as error:  # of h5py, for whatever stands in the file
        raise InputError(f"'{path}' cannot be unpacked: {error}") from error


def _write_images(mat: Any, boxes: str, folder: Path) -> dict[tuple[int, int], list[str]]:
    """Write every image into an empty folder; (pair of cameras, person) -> its file names."""
    names = defaultdict(list)
    for pair, cell in enumerate(mat[boxes][0], start=1):
        for person, row in enumerate(_read(mat, cell), start=1):
            for number, reference in enumerate(row, start=1):
                pixels = _read(mat, reference)
                if pixels.ndim != 3:  # an empty cell: fewer than five images of that view
                    continue
                name = f"{pair}_{person:03}_{1 if number <= 5 else 2}_{number:02}.png"
                Image.fromarray(np.ascontiguousarray(pixels)).save(folder / name)
                names[pair, person].append(name)
    return names


def _split(names: dict[tuple[int, int], list[str]], tested: np.ndarray) -> dict[str, list[list[object]]]:
    """One test set as Torchreid writes it: rows of file name, label and view."""
    test = {(int(pair), int(person)) for pair, person in tested}

    def rows(persons: list[tuple[int, int]]) -> list[list[object]]:
        return [
            [name, label, int(name.split("_")[2]) - 1]
            for label, person in enumerate(persons)
            for name in names[person]
        ]

    query = rows([person for person in names if person in test])
    return {
        "train": rows([person for person in names if person not in test]),
        "query": query,
        "gallery": query,
    }


def _read(mat: Any, reference: Any) -> np.ndarray:
    """The array that a cell refers to, in MATLAB's order of axes."""
    return np.asarray(mat[reference]).T
