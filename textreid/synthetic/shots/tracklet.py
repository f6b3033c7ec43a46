"""Tracklets: consecutive crops of one person walking before one camera."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from textreid.config import check_at_least
from textreid.synthetic.drawing.seeding import rng as seeded
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.pose import View
from textreid.synthetic.places.camera import Camera
from textreid.synthetic.shots.scene import Scene, Walk, place, record


@dataclass(frozen=True)
class TrackCrop:
    """One crop of a tracklet.

    Attributes:
        image: RGB.
        offset: seconds since the first crop.
        box: x1, y1, x2, y2 in the camera's full image, pixels.
        view: the moment.
    """

    image: Image.Image
    offset: float
    box: tuple[float, float, float, float]
    view: View


def draw_tracklet(
    person: Pedestrian, camera: Camera, seed: int, *, length: int = 8, rate: float = 6.0
) -> tuple[TrackCrop, ...]:
    """Draw a person who walks (or stands) before a camera.

    Args:
        person: who.
        camera: where.
        seed: decides path and noise.
        length: how many crops at most; fewer if the person leaves the image.
        rate: crops a second.

    Returns:
        Crops in the order of time, at least one.

    Raises:
        InputError: `length` is below 1.
    """
    check_at_least("length", length, 1)
    scene = Scene.of(camera)
    rng = seeded(seed, "tracklet", person.number, camera.number)
    walk = Walk.sample(scene, person, rng)
    crops: list[TrackCrop] = []
    for index in range(length):
        placed = place(scene, walk, index / rate)
        x1, y1, x2, y2 = placed.box
        if crops and (x1 <= 0 or x2 >= scene.width or y2 >= scene.height):
            break
        margin = 0.06 * (y2 - y1)
        frame = record(scene, [placed], rng)
        window = (
            int(max(x1 - margin, 0)),
            int(max(y1 - margin / 2, 0)),
            int(min(x2 + margin, scene.width)),
            int(min(y2 + margin / 2, scene.height)),
        )
        crops.append(TrackCrop(frame.crop(window), index / rate, placed.box, placed.view))
    return tuple(crops)
