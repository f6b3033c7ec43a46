"""Balls, limbs and bodies are where geometry says."""

from __future__ import annotations

import numpy as np
import pytest

from textreid.synthetic import View, sample_pedestrians
from textreid.synthetic.drawing.canvas import Canvas
from textreid.synthetic.drawing.seeding import rng
from textreid.synthetic.drawing.shapes import Surface
from textreid.synthetic.pedestrians.pose import Figure, joints

FAR = 1e6  # metres: no perspective


def red(surface: Surface) -> np.ndarray:
    return np.tile(np.array([1, 0, 0], np.float32), (len(surface.t), 1))


def front_only(surface: Surface) -> np.ndarray:
    colour = red(surface)
    colour[np.abs(surface.around) > np.pi / 2] = np.nan
    return colour


def canvas(yaw: float = 0.0, pitch: float = 0.0) -> Canvas:
    return Canvas(200, 200, 100.0, np.deg2rad(yaw), np.deg2rad(pitch), (100.0, 100.0), distance=FAR)


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (50, 20), (-130, 35)])
def test_a_ball_is_a_disc_from_everywhere(yaw: float, pitch: float) -> None:
    drawn = canvas(yaw, pitch)
    drawn.ellipsoid(np.zeros(3), np.array([0.5, 0.5, 0.5]), red)
    assert drawn.mask.sum() == pytest.approx(np.pi * 50**2, rel=0.01)
    assert drawn.depth[100, 100] == pytest.approx(0.5, abs=1e-3)
    assert drawn.normal[100, 100] == pytest.approx([0, 0, 1], abs=0.03)
    rows, cols = np.nonzero(drawn.mask)
    x, y = (cols + 0.5 - 100) / 100, (100 - rows - 0.5) / 100
    assert drawn.depth[rows, cols] == pytest.approx(np.sqrt(np.maximum(0.25 - x**2 - y**2, 0)), abs=2e-3)


@pytest.mark.parametrize(("yaw", "wide"), [(0, 40), (90, 20), (180, 40)])
def test_a_flat_limb_is_narrow_from_the_side(yaw: float, wide: float) -> None:
    drawn = canvas(yaw)
    drawn.limb(np.array([0, 0.5, 0]), np.array([0, -0.5, 0]), np.tile([[0.2, 0.1]], (4, 1)), red, caps=(0, 0))
    assert drawn.mask[100].sum() == pytest.approx(wide, abs=1)
    assert drawn.mask[:, 100].sum() == pytest.approx(100, abs=2)


def test_a_paint_may_leave_parts_unpainted() -> None:
    tube = np.tile([[0.2, 0.2]], (4, 1))
    for yaw, share in ((0, 1.0), (90, 0.5), (180, 0.0)):
        whole, half = canvas(yaw), canvas(yaw)
        for drawn, paint in ((whole, red), (half, front_only)):
            drawn.limb(np.array([0, 0.5, 0]), np.array([0, -0.5, 0]), tube, paint)
        assert half.mask.sum() / whole.mask.sum() == pytest.approx(share, abs=0.03)


def test_the_nearer_part_shows_in_whatever_order() -> None:
    def blue(surface: Surface) -> np.ndarray:
        return red(surface)[:, ::-1]

    for parts in ([(0.5, red), (-0.5, blue)], [(-0.5, blue), (0.5, red)]):
        drawn = canvas()
        for ahead, paint in parts:
            drawn.ellipsoid(np.array([0, 0, ahead]), np.array([0.3, 0.3, 0.3]), paint)
        assert drawn.albedo[100, 100].tolist() == [1, 0, 0]


def test_near_things_look_larger() -> None:
    sizes = []
    for ahead in (-1.0, 1.0):
        drawn = Canvas(200, 200, 100.0, 0.0, 0.0, (100.0, 100.0), distance=4.0)
        drawn.ellipsoid(np.array([0, 0, ahead]), np.array([0.2, 0.2, 0.2]), red)
        sizes.append(np.sqrt(drawn.mask.sum()))
    assert sizes[1] / sizes[0] == pytest.approx(5 / 3, rel=0.03)


def test_bones_keep_their_length_and_a_foot_stays_on_the_ground() -> None:
    for person in sample_pedestrians(12, seed=2):
        figure = Figure.of(person, rng(person.number))
        lengths = []
        for phase in np.linspace(0, 1, 9):
            at = joints(person, figure, View(phase=float(phase)), 0.0)
            thighs = [np.linalg.norm(at[f"knee_{s}"] - at[f"hip_{s}"]) for s in "lr"]
            shins = [np.linalg.norm(at[f"ankle_{s}"] - at[f"knee_{s}"]) for s in "lr"]
            lengths.append([*thighs, *shins])
            ankles = [at[f"ankle_{s}"][1] for s in "lr"]
            assert min(ankles) == pytest.approx(0.042 * figure.height)
            assert at["head"][1] > at["neck"][1] > at["pelvis"][1] > max(ankles)
        assert np.ptp(lengths, axis=0).max() < 1e-9


def test_legs_swing_against_each_other_and_arms_against_legs() -> None:
    person = next(p for p in sample_pedestrians(30, seed=2) if p.bag == "none" and p.umbrella is None)
    figure = Figure.of(person, rng(0))
    at = joints(person, figure, View(phase=0.25), 0.0)
    assert at["ankle_l"][2] > 0.1 > -0.1 > at["ankle_r"][2]
    assert at["wrist_r"][2] > at["wrist_l"][2]


@pytest.mark.parametrize(
    ("yaw", "side"),
    [
        (0, "front"),
        (-50, "front"),
        (90, "right"),
        (-90, "left"),
        (180, "back"),
        (-130, "back"),
        (270, "left"),
    ],
)
def test_sides(yaw: float, side: str) -> None:
    assert View(yaw=yaw).side == side
