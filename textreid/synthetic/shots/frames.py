"""Full frames with several people, from several cameras over a morning, and the truth about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from PIL import Image

from textreid.config import check_at_least
from textreid.synthetic.drawing.seeding import rng as seeded
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.pose import View
from textreid.synthetic.pedestrians.sampling import sample_pedestrians
from textreid.synthetic.places.camera import Camera
from textreid.synthetic.shots.crowd import sample_crowd
from textreid.synthetic.shots.scene import Placed, Scene, place, record
from textreid.synthetic.wording.captions import caption

MORNING = datetime(2024, 5, 6, 8, 0, tzinfo=UTC).timestamp()
SHOTS = 2  # frames of one moment
APART = 1.2  # seconds between them
CROWD = 5  # people in a frame
SEED = 2198  # a woman in a red coat with a black backpack is among these people


@dataclass(frozen=True)
class FramePerson:
    """One person in one frame.

    Attributes:
        person: who; `person.number` is the identity.
        box: x1, y1, x2, y2 in pixels, around all that is drawn of the person inside the frame.
        track: equal for the same person in consecutive frames of one camera.
        view: the moment.
        caption: what this view shows, in words.
    """

    person: Pedestrian
    box: tuple[float, float, float, float]
    track: int
    view: View
    caption: str


@dataclass(frozen=True)
class Frame:
    """One full image of one camera.

    Attributes:
        image: RGB.
        camera: its name, "c1" and on.
        number: of the frame among its camera's, from 1.
        time: POSIX seconds.
        people: those in the image, from the farthest to the nearest.
    """

    image: Image.Image
    camera: str
    number: int
    time: float
    people: tuple[FramePerson, ...]


def built_in_gallery(
    frames: int = 40,
    *,
    cameras: int = 4,
    identities: int = 60,
    seed: int = SEED,
    size: tuple[int, int] = (960, 540),
) -> Iterator[Frame]:
    """Frames in which people come and go before several cameras.

    Two frames belong to one moment, 1.2 seconds apart; every person appears before several cameras at
    different times, as far as the frames suffice.

    Args:
        frames: how many in all.
        cameras: how many cameras share them.
        identities: how many different people.
        seed: equal seeds give equal frames.
        size: width and height in pixels.

    Yields:
        Frames, camera by camera in the order of time.

    Raises:
        InputError: a number is below 1.
    """
    check_at_least("frames", frames, 1)
    check_at_least("cameras", cameras, 1)
    check_at_least("identities", identities, 1)
    people = sample_pedestrians(identities, seed)
    track = 0
    for index in range(cameras):
        camera = Camera.place(seed, index + 1)
        scene = Scene.of(camera, *size)
        count = frames // cameras + (index < frames % cameras)
        for moment in range(-(-count // SHOTS)):
            rng = seeded(seed, "moment", index, moment)
            first = MORNING + 300.0 * moment + 60.0 * index + float(rng.uniform(0, 40))
            walks = sample_crowd(
                scene, _who(people, index, moment, rng), tuple(APART * k for k in range(SHOTS)), rng
            )
            for shot in range(min(SHOTS, count - moment * SHOTS)):
                number = moment * SHOTS + shot + 1
                placed = sorted((place(scene, w, shot * APART) for w in walks), key=lambda p: p.box[3])
                shown = [p for p in placed if _enough(p, scene)]
                yield Frame(
                    record(scene, placed, rng),
                    f"c{index + 1}",
                    number,
                    first + shot * APART,
                    tuple(_truth(p, track + walks.index(p.walk), seed + number) for p in shown),
                )
            track += len(walks)


def _who(people: list[Pedestrian], camera: int, moment: int, rng: np.random.Generator) -> list[Pedestrian]:
    """The people of one moment: everybody passes each camera in turn, not in the same order."""
    start = (moment * CROWD + camera * 17) % len(people)
    order = [people[(start + i) % len(people)] for i in range(min(CROWD, len(people)))]
    return [order[int(i)] for i in rng.permutation(len(order))]


def _enough(placed: Placed, scene: Scene) -> bool:
    """Whether most of the person is inside the image."""
    x1, y1, x2, y2 = placed.box
    sx1, sy1, sx2, sy2 = placed.sprite.box
    inside = max(x2 - x1, 0) * max(y2 - y1, 0)
    return inside > 0.6 * (sx2 - sx1) * (sy2 - sy1) and y2 <= scene.height


def _truth(placed: Placed, track: int, seed: int) -> FramePerson:
    text = caption(placed.walk.person, placed.view, seed)
    return FramePerson(placed.walk.person, placed.box, track, placed.view, text)
