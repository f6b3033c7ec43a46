"""Trains recipes, one after the other, and ends in the middle of one if it is told so.

[torchrun --nproc-per-node 2] tests/helpers/stage_worker.py FOLDER RECIPE:RUN[:STEPS] ...

FOLDER holds RECIPE.json and RUN/. After so many steps the first process kills itself.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.helpers.recorder import Interrupt, after
from textreid.models.matchers import cross_attention
from textreid.recipe.recipe import read_recipe
from textreid.training import loop
from textreid.training.from_recipe import train
from textreid.training.progress import SILENT


def main() -> None:
    folder = Path(sys.argv[1])
    cross_attention.DROPOUT = 0.0  # processes would drop different activations
    for job in sys.argv[2:]:
        name, run, *steps = job.split(":")
        recipe = read_recipe(json.loads((folder / f"{name}.json").read_text()), where=name)
        loop.STATE_SECONDS = -1 if steps else 300
        reporter = Interrupt(after(int(steps[0])), kill=True) if steps else SILENT
        train(recipe, folder / run, reporter=reporter)


if __name__ == "__main__":
    main()
