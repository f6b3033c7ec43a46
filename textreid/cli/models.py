"""`textreid models`: what can be named with `--model`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from textreid.cli._console import print_json, print_table, stderr
from textreid.cli._options import AsJson

if TYPE_CHECKING:
    from rich.table import Table

    from textreid.catalog import ModelInfo


def run(as_json: AsJson = False) -> None:
    """List the models that can be used: size, dimension, terms of use, measured results.

    Models in the folders that $TEXTREID_MODELS names are listed too. Beside these, --model takes the folder
    or hub id of a CLIP or SigLIP model of transformers, or of a multimodal sentence-transformers model.

    Examples:
      textreid models
      textreid models --json
    """
    from textreid.catalog import list_models

    models = list_models()
    if as_json:
        print_json([asdict(model) | {"path": str(model.path)} for model in models])
    elif models:
        print_table(_table(models))
    else:
        stderr().print("No model is installed. Install textreid again, or name a folder with --model.")


def _table(models: list[ModelInfo]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("name", overflow="fold")
    for name in ("size", "weights", "dimension"):
        table.add_column(name, justify="right")
    for name in ("terms", "results", "description"):
        table.add_column(name, overflow="fold")
    for model in models:
        results = ", ".join(f"{name} {value:.1f}" for name, value in model.results.items())
        table.add_row(
            escape(model.name),
            f"{model.bytes / 1e6:.1f} MB",
            f"{model.parameters / 1e6:.1f} M",
            str(model.dim or ""),
            escape(model.terms),
            results or "not measured",
            escape(model.description),
        )
    return table
