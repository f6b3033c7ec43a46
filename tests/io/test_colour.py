"""Conversions of colour against the numbers that the standards print."""

from __future__ import annotations

import numpy as np
import pytest

from textreid.io.colour import (
    BT709,
    REFERENCE_WHITE,
    gamma_space,
    h273,
    hlg_to_linear,
    linear_to_srgb,
    pq_to_linear,
    srgb_to_linear,
    to_bt709,
    to_srgb,
)

PAINTS = np.array(
    [[200, 30, 30], [255, 255, 255], [128, 128, 128], [20, 20, 20], [40, 60, 200], [220, 200, 40]], np.uint8
)
BT2087 = [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
"""Linear BT.709 -> linear BT.2020, as ITU-R BT.2087 prints it."""


def in_bt2020_light(paints: np.ndarray) -> np.ndarray:
    values = paints / 255
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return light @ np.array(BT2087).T


def as_image(values: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(values, 0, 1) * 65535).astype(np.uint16)[None]


@pytest.mark.parametrize(
    ("signal", "nits"), [(0.0, 0), (0.5081, 100), (0.5807, 203), (0.7518, 1000), (1, 10_000)]
)
def test_pq_has_the_levels_of_bt_2408(signal: float, nits: float) -> None:
    assert pq_to_linear(np.array([signal]))[0] * REFERENCE_WHITE == pytest.approx(nits, rel=0.002)


@pytest.mark.parametrize(("signal", "nits"), [(0.0, 0), (0.5, 50.7), (0.75, 203), (1.0, 1000)])
def test_hlg_has_the_levels_of_bt_2100(signal: float, nits: float) -> None:
    scene = hlg_to_linear(np.array([signal]))
    assert (scene * scene**0.2)[0] * REFERENCE_WHITE == pytest.approx(nits, rel=0.005)


def test_bt_2020_has_the_matrix_of_bt_2087() -> None:
    space = h273(9, 14)
    assert space is not None
    assert np.allclose(to_bt709(space.chromaticities) @ np.array(BT2087), np.eye(3), atol=5e-4)


def test_display_p3_has_its_known_red() -> None:
    """Apple's documentation: sRGB red is (0.9175, 0.2003, 0.1387) in Display P3."""
    space = h273(12, 13)
    assert space is not None
    red = to_srgb(as_image(np.array([[0.9175, 0.2003, 0.1387]])), space)
    assert np.abs(red[0, 0].astype(int) - [255, 0, 0]).max() <= 2


def test_paints_filmed_in_pq_come_back() -> None:
    light = in_bt2020_light(PAINTS) * 203 / 10_000
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    signal = ((c1 + c2 * light**m1) / (1 + c3 * light**m1)) ** m2
    space = h273(9, 16)
    assert space is not None
    assert np.abs(to_srgb(as_image(signal), space)[0].astype(int) - PAINTS).max() <= 2


def test_paints_filmed_in_hlg_come_back() -> None:
    display = in_bt2020_light(PAINTS) * 203 / 1000
    luminance = display @ [0.2627, 0.6780, 0.0593]
    scene = display * luminance[:, None] ** (1 / 1.2 - 1)
    signal = np.where(
        scene <= 1 / 12,
        np.sqrt(3 * scene),
        0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073,
    )
    space = h273(9, 18)
    assert space is not None
    assert np.abs(to_srgb(as_image(signal), space)[0].astype(int) - PAINTS).max() <= 2


def test_what_is_brighter_than_white_is_white() -> None:
    space = h273(9, 16)
    assert space is not None
    assert (to_srgb(as_image(np.array([[0.8, 0.8, 0.8]])), space) == 255).all()


@pytest.mark.parametrize(("primaries", "transfer"), [(1, 1), (1, 13), (2, 2), (5, 6), (6, 6)])
def test_ordinary_film_is_left_as_it_is(primaries: int, transfer: int) -> None:
    assert h273(primaries, transfer) is None


def test_values_of_8_bits_and_of_16_are_the_same_colours() -> None:
    space = gamma_space(1.0)
    paints = PAINTS[None]
    assert np.array_equal(to_srgb(paints, space), to_srgb(paints.astype(np.uint16) * 257, space))


def test_linear_light_becomes_srgb_and_white_stays_white() -> None:
    light = np.rint(srgb_to_linear(PAINTS / 255) * 65535).astype(np.uint16)[None]
    assert np.abs(to_srgb(light, gamma_space(1.0))[0].astype(int) - PAINTS).max() <= 1
    warm = (BT709[0], BT709[1], BT709[2], (0.3457, 0.3585))
    assert np.abs(to_srgb(as_image(np.ones((1, 3))), gamma_space(1.0, warm)).astype(int) - 255).max() <= 1


def test_the_curve_of_srgb_and_its_inverse_agree() -> None:
    values = np.linspace(0, 1, 256)
    assert np.allclose(linear_to_srgb(srgb_to_linear(values)), values, atol=1e-4)
    assert srgb_to_linear(np.array([0.5]))[0] == pytest.approx(0.21404, abs=1e-4)
