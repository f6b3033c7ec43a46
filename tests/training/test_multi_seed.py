"""Several seeds: each in its own folder, and how far apart they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from textreid.errors import InputError
from textreid.recipe import load_recipe
from textreid.training.multi_seed import mean_and_interval, train_seeds

SMALL = [
    "data.0.identities=14",
    "data.0.images=2",
    "val.identities=14",
    "val.images=2",
    "sampler.identities=6",
    "stages.0.epochs=1",
    "workers=0",
]


def test_interval_is_students() -> None:
    values = [61.2, 60.1, 62.7, 61.9]
    found = mean_and_interval(values)
    low, high = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert found["mean"] - found["interval"] == pytest.approx(low)
    assert found["mean"] + found["interval"] == pytest.approx(high)


def test_each_seed_has_its_folder_and_all_have_a_summary(tmp_path: Path) -> None:
    summary = train_seeds(load_recipe("smoke", SMALL), tmp_path, 2)
    assert json.loads((tmp_path / "summary.json").read_text()) == summary
    for seed in range(2):
        folder = tmp_path / f"seed-{seed}"
        assert json.loads((folder / "recipe.json").read_text())["seed"] == seed
        best = json.loads((folder / "best.json").read_text())["val"]["synthetic val"]
        assert summary["synthetic val R1"]["values"][seed] == best["R1"]


def test_one_seed_has_no_interval(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs two of them or more"):
        train_seeds(load_recipe("smoke", SMALL), tmp_path, 1)
