"""Clothes have the colours that captions name, as far as light and camera let them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from textreid.synthetic import Camera, Pedestrian, View, draw_crop, sample_pedestrians
from textreid.synthetic.drawing.palette import COLOURS, alike
from textreid.synthetic.pedestrians.figure import Light

# sRGB hues in degrees, from everyday knowledge and not from the palette
HUES = {
    "red": 0,
    "orange": 25,
    "yellow": 50,
    "green": 130,
    "teal": 184,
    "blue": 218,
    "purple": 278,
    "pink": 340,
}
STUDIO = replace(
    Camera.place(0, 1),
    light=Light((0.0, 0.6, 0.8), 0.35, 0.9),
    gamma=1.0,
    contrast=1.0,
    gain=1.0,
    saturation=1.0,
    blur=0.2,
    sharpening=0.0,
    noise=0.0,
    quality=95,
    pitch=6.0,
    person_height=(180, 190),
)


BODY = next(p for p in sample_pedestrians(40, 5) if p.upper == "t-shirt" and p.age == "young")


def in_a_plain_shirt(colour: str) -> Pedestrian:
    return replace(
        BODY, upper_colour=colour, upper_pattern="plain", upper_second=None, inner_colour=None, bag="none",
        bag_colour=None, umbrella=None, scarf=None, hair="short",
    )  # fmt: skip


def chest(person: Pedestrian, camera: Camera) -> np.ndarray:
    """[3] mean sRGB, 0..1, of the middle of the back."""
    view = View(yaw=180.0, walking=False, pitch=camera.pitch)
    pixels = np.asarray(draw_crop(person, view, camera, seed=3), np.float32) / 255
    high, wide = pixels.shape[:2]
    return pixels[int(0.28 * high) : int(0.42 * high), int(0.42 * wide) : int(0.58 * wide)].mean((0, 1))


def lab(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(np.asarray(rgb, np.float32).reshape(1, 1, 3), cv2.COLOR_RGB2LAB)[0, 0]


def nearest_name(rgb: np.ndarray) -> str:
    """The palette's name nearest to a colour, lightness counting half."""
    weight = np.array([0.5, 1, 1])
    distance = {
        name: float(np.linalg.norm((lab(rgb) - lab(np.array(centre) / 255)) * weight))
        for name, (centre, _) in COLOURS.items()
    }
    return min(distance, key=distance.__getitem__)


@pytest.mark.parametrize("colour", COLOURS)
def test_in_the_studio_a_shirt_has_its_colour(colour: str) -> None:
    assert alike(nearest_name(chest(in_a_plain_shirt(colour), STUDIO)), colour)


@pytest.mark.parametrize("colour", HUES)
def test_before_any_camera_a_bright_shirt_keeps_its_hue(colour: str) -> None:
    for number in range(1, 4):
        hue, _, _ = cv2.cvtColor(
            chest(in_a_plain_shirt(colour), Camera.place(9, number)).reshape(1, 1, 3), cv2.COLOR_RGB2HSV
        )[0, 0]
        off = abs((hue - HUES[colour] + 180) % 360 - 180)
        assert off < 32, f"camera {number}: hue {hue:.0f}"


def test_before_most_cameras_the_nearest_name_is_the_described_one() -> None:
    cameras = [Camera.place(9, number) for number in (1, 2, 3)]
    right = [
        alike(nearest_name(chest(in_a_plain_shirt(c), camera)), c) for c in COLOURS for camera in cameras
    ]
    assert np.mean(right) > 0.75


def test_cameras_see_the_same_person_differently() -> None:
    seen = [chest(in_a_plain_shirt("grey"), Camera.place(9, number)) for number in range(1, 7)]
    assert np.ptp([colour.mean() for colour in seen]) > 0.08
    assert np.ptp([colour[0] - colour[2] for colour in seen]) > 0.03
