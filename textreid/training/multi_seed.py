"""The same recipe with several seeds: how much of a number is luck."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from accelerate import PartialState
from scipy import stats

from textreid.errors import InputError
from textreid.io.refusals import in_words
from textreid.io.run_folder import RunFolder, write_json
from textreid.recipe.recipe import Recipe
from textreid.training.from_recipe import train
from textreid.training.progress import SILENT, Reporter


def train_seeds(
    recipe: Recipe,
    out: Path,
    seeds: int,
    *,
    device: str = "cpu",
    reporter: Reporter = SILENT,
) -> dict[str, Any]:
    """Train with the seeds 0, 1, … in `out/seed-0`, `out/seed-1`, …, and sum up in `out/summary.json`.

    Args:
        recipe: with a validation split; its own seed is not used.
        out: folder of the runs; those that are finished are not done again.
        seeds: how many, two or more.
        device: as in `train`, like the next.
        reporter: called after every step, and with what is measured.

    Returns:
        "validation split metric" -> {"mean", "interval", "values"} in percent, of each run's best epoch.

    Raises:
        InputError: too few seeds, nothing to validate on, or what `train` says.
    """
    if seeds < 2 or not recipe.val:
        raise InputError("An interval over seeds needs two of them or more, and a [val] table in the recipe.")
    best = []
    for seed in range(seeds):
        folder = RunFolder(out).seed(seed)
        train(replace(recipe, seed=seed), folder.path, device=device, reporter=reporter)
        best.append(folder.read_best()["val"])
    summary = {
        f"{split} {metric}": mean_and_interval([run[split][metric] for run in best])
        for split in best[0]
        for metric in best[0][split]
    }
    if PartialState().is_main_process:
        with in_words(out):
            write_json(RunFolder(out).summary, summary)
    return summary


def mean_and_interval(values: Sequence[float]) -> dict[str, Any]:
    """The mean and half the width of its 95 % interval, by Student's t with n - 1 degrees of freedom.

    Args:
        values: n of them, two or more.

    Example:
        >>> mean_and_interval([1.0, 2.0, 3.0])["mean"]
        2.0
    """
    n = len(values)
    mean = sum(values) / n
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1))
    half = float(stats.t.ppf(0.975, n - 1)) * deviation / math.sqrt(n)
    return {"mean": mean, "interval": half, "values": list(values)}
