"""`textreid export`: a model as ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from textreid.cli._console import stderr


def run(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A name, folder or hub id of a model.", show_default=False)
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="A new folder to write into.", show_default=False)
    ],
) -> None:
    """Write a model as ONNX, to encode crops and texts without torch.

    DIR will hold image.onnx (uint8 crops to unit vectors), text.onnx and tokenizer.json (texts to unit
    vectors), match.onnx if the model has a matcher, and export.json, which says how to prepare what they
    take. It appears at the end; stopped before, nothing does. Needs two more packages:
    pip install "textreid[export]".

    Examples:
      textreid export pocket --out pocket-onnx
      textreid export runs/mine/model --out mine-onnx
    """
    from textreid.inference.onnx_export import export_model

    about = export_model(str(model), out)
    sides = f"{about['image']['height']} x {about['image']['width']}"
    stderr().print(
        f"{about['name']}: vectors of {about['dim']} numbers, from crops of {sides} pixels", markup=False
    )
    print(out)
