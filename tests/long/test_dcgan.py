"""A generator learns what the crops of drawn people look like: where which colours are, and how they vary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from textreid.io.images import open_image
from textreid.recipe import load_recipe, with_root
from textreid.synthetic import write_market1501
from textreid.training.from_recipe import train

HEIGHT, WIDTH = 32, 16


def test_what_it_draws_comes_near_to_what_it_saw(tmp_path: Path) -> None:
    folder = write_market1501(tmp_path, identities=24, images_per_identity=8, seed=0)
    distances = {}
    for epochs in (1, 200):
        small = [f"stages.0.{key}={value}" for key, value in OPTIONS.items()]
        changes = [*small, f"stages.0.epochs={epochs}", "model.init=scratch", "workers=0"]
        changes += ["model.image_backbone=test_efficientnet", "model.projection_dim=32"]
        out = tmp_path / str(epochs)
        train(with_root(load_recipe("market1501-dcgan", changes), tmp_path), out)
        real, drawn = (moments(place) for place in (folder / "bounding_box_train", out / "samples" / "-1"))
        apart = [np.abs(one - other).mean() for one, other in zip(real, drawn, strict=True)]
        distances[epochs] = np.hypot(*apart)
    assert distances[200] < 0.65 * distances[1]


OPTIONS = {"image_size": f"[{HEIGHT}, {WIDTH}]", "width": 16, "batch": 16, "samples": 128, "rate": 5e-4}


def moments(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of every pixel, of 255."""
    images = np.stack(
        [
            np.asarray(open_image(file).resize((WIDTH, HEIGHT), Image.Resampling.BOX), np.float64)
            for file in sorted(folder.iterdir())
        ]
    )
    return images.mean(axis=0), images.std(axis=0)
