"""Every place can be drawn at any size, and its floor obeys perspective."""

from __future__ import annotations

import numpy as np
import pytest

from textreid.synthetic.drawing.seeding import rng
from textreid.synthetic.places.background import draw_background
from textreid.synthetic.places.floors import FLOORS, Ground
from textreid.synthetic.places.walls import WALLS

GROUND = Ground(horizon=-40.0, high=2.5, focal=300.0)


@pytest.mark.parametrize("wall", WALLS)
@pytest.mark.parametrize("size", [(40, 90), (320, 180)])
def test_walls(wall: str, size: tuple[int, int]) -> None:
    width, height = size
    image = draw_background(width, height, GROUND, height // 2, "slabs", wall, rng(1, wall))
    assert image.shape == (height, width, 3)
    assert image.dtype == np.float32
    assert 0 <= image.min() < image.max() <= 1
    assert image[: height // 2].std() > 0.01


@pytest.mark.parametrize("floor", FLOORS)
@pytest.mark.parametrize("edge", [-20, 0, 45, 500])
def test_floors(floor: str, edge: int) -> None:
    image = draw_background(60, 90, GROUND, edge, floor, "concrete", rng(2, floor))
    assert np.isfinite(image).all()
    assert 0.05 < image.mean() < 0.95


def test_the_ground_is_a_plane() -> None:
    """Oracle: a pinhole camera `high` metres above the floor sees a point `away` metres off at this row."""
    for away in (3.0, 6.0, 12.0):
        row = GROUND.row(away)
        assert row == pytest.approx(-40 + 300 * 2.5 / away)
        assert GROUND.metre(row) == pytest.approx(300 / away)
        right, far = GROUND.plane(201, np.array([row]))
        assert far[0] == pytest.approx(away, rel=1e-5)
        assert right[0, 150] - right[0, 100] == pytest.approx(50 * away / 300, rel=1e-5)
