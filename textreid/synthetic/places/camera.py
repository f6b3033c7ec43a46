"""What a camera does to a scene: its place, its light, its lens, sensor and compression."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from textreid.synthetic.drawing.seeding import rng as seeded
from textreid.synthetic.pedestrians.figure import Light

_INDOORS = (
    ("tiles", "shop"),
    ("tiles", "glass"),
    ("tiles", "corridor"),
    ("carpet", "corridor"),
    ("slabs", "shop"),
    ("tiles", "concrete"),
)
_OUTDOORS = (
    ("asphalt", "street"),
    ("slabs", "street"),
    ("slabs", "concrete"),
    ("slabs", "glass"),
    ("bricks", "hedge"),
    ("bricks", "plaza"),
    ("grass", "hedge"),
    ("asphalt", "railing"),
    ("slabs", "railing"),
    ("slabs", "plaza"),
    ("asphalt", "hedge"),
    ("asphalt", "concrete"),
)


@dataclass(frozen=True)
class Camera:
    """One camera at one place.

    Attributes:
        number: from 1.
        floor: one of `floors.FLOORS`.
        wall: one of `walls.WALLS`.
        pitch: degrees it looks down.
        light: of the place.
        gamma: tone curve; above 1 darkens.
        contrast: about mid-grey.
        gain: exposure.
        saturation: 1 keeps colours.
        blur: pixels of a 200-pixel-tall person.
        sharpening: how much the camera overdraws edges.
        noise: deviation of the sensor, 0..1.
        quality: of JPEG.
        person_height: (least, most) pixels a person stands tall.
        seed: of the place.
    """

    number: int
    floor: str
    wall: str
    pitch: float
    light: Light
    gamma: float
    contrast: float
    gain: float
    saturation: float
    blur: float
    sharpening: float
    noise: float
    quality: int
    person_height: tuple[int, int]
    seed: int

    @classmethod
    def place(cls, seed: int, number: int) -> Camera:
        """The camera of that number in the installation of that seed."""
        rng = seeded(seed, "camera", number)
        indoor = rng.random() < 0.4
        places = _INDOORS if indoor else _OUTDOORS
        floor, wall = places[int(rng.integers(len(places)))]
        warm = float(rng.normal(0, 0.045))
        sharp = rng.random()
        return cls(
            number=number,
            floor=floor,
            wall=wall,
            pitch=float(rng.uniform(3, 22)),
            light=Light(
                direction=(
                    float(rng.uniform(-0.8, 0.8)),
                    float(rng.uniform(0.5, 1.0)),
                    float(rng.uniform(0.1, 0.8)),
                ),
                sun=float(rng.uniform(0.2, 0.4) if indoor else rng.uniform(0.3, 0.75)),
                sky=float(rng.uniform(0.74, 0.95)),
                cast=(1 + warm, 1 + float(rng.normal(0, 0.012)), 1 - warm),
            ),
            gamma=float(np.exp(rng.normal(0.02, 0.12))),
            contrast=float(rng.uniform(0.95, 1.4)),
            gain=float(np.exp(rng.normal(0.06, 0.09))),
            saturation=float(rng.uniform(0.62, 0.98)),
            blur=float(rng.uniform(0.15, 0.6) if sharp < 0.7 else rng.uniform(0.6, 1.5)),
            sharpening=float(rng.uniform(0, 0.7)),
            noise=float(rng.uniform(0.004, 0.03)),
            quality=int(rng.integers(55, 93)),
            person_height=(130, 215) if rng.random() < 0.75 else (100, 145),
            seed=int(rng.integers(1 << 31)),
        )

    def expose(self, scene: np.ndarray, tall: float, rng: np.random.Generator) -> Image.Image:
        """Turn a scene into what the camera recorded.

        Args:
            scene: [H, W, 3] float32 sRGB, 0..1.
            tall: pixels that people stand tall in it, which scales the blur.
            rng: sensor noise and small motion.

        Returns:
            An RGB image of the same size, through JPEG.
        """
        sigma = self.blur * tall / 200 + 0.1
        image = cv2.GaussianBlur(scene, (0, 0), sigma)
        image += self.sharpening * (image - cv2.GaussianBlur(image, (0, 0), 1.2))
        if rng.random() < 0.12:
            reach = max(int(tall / 60 * rng.uniform(0.6, 1.6)), 1)
            image = cv2.blur(image, (2 * reach + 1, 1))
        grey = image @ np.array([0.3, 0.59, 0.11], np.float32)
        image = grey[..., None] + (image - grey[..., None]) * self.saturation
        image = np.clip((image * self.gain - 0.45) * self.contrast + 0.45, 0, 1) ** np.float32(self.gamma)
        image = image + rng.standard_normal(image.shape, np.float32) * np.float32(self.noise)
        return through_jpeg(image, self.quality)


def through_jpeg(image: np.ndarray, quality: int) -> Image.Image:
    """An RGB image that has been through JPEG.

    Args:
        image: [H, W, 3] float, 0..1.
        quality: 1..95.
    """
    data = io.BytesIO()
    Image.fromarray((np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)).save(data, "JPEG", quality=quality)
    return Image.open(io.BytesIO(data.getvalue())).convert("RGB")
