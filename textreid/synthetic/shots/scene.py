"""A camera's full image: where on its floor people stand, how tall they look there, and how they walk."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from textreid.synthetic.drawing.seeding import rng as seeded
from textreid.synthetic.pedestrians.figure import Sprite, draw_figure
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.pose import View
from textreid.synthetic.places.background import draw_background
from textreid.synthetic.places.camera import Camera
from textreid.synthetic.places.floors import Ground
from textreid.synthetic.shots.composite import ground_shadow, paste

ADULT = 1.75
STEP = 1.45  # metres that one walking cycle covers


@dataclass(frozen=True)
class Scene:
    """One camera's view of its place.

    Attributes:
        camera: light, lens and place.
        width: pixels.
        height: pixels.
        floor: [height, width, 3] float32, the empty place.
        ground: how the camera sees the floor.
    """

    camera: Camera
    width: int
    height: int
    floor: np.ndarray
    ground: Ground

    @classmethod
    def of(cls, camera: Camera, width: int = 960, height: int = 540) -> Scene:
        """The scene of a camera; always the same one."""
        rng = seeded(camera.seed, "scene", width, height)
        edge = int(rng.uniform(0.26, 0.4) * height)
        ground = Ground(edge - 0.3 * height, float(rng.uniform(2.1, 2.7)), 1.05 * height)
        floor = draw_background(width, height, ground, edge, camera.floor, camera.wall, rng)
        light = min(camera.light.sky + 0.6 * camera.light.sun, 1.1)
        floor *= np.array(camera.light.cast, np.float32) * np.float32(light)
        return cls(camera, width, height, floor, ground)

    def tall(self, row: float) -> float:
        """Pixels that an adult looks tall whose feet are at a row."""
        return ADULT * self.ground.metre(row)

    @property
    def reach(self) -> tuple[float, float]:
        """Nearest and farthest metres at which a person is wholly in the image."""
        near, far = (self.ground.focal / self.ground.metre(level * self.height) for level in (0.97, 0.47))
        return near, far


@dataclass(frozen=True)
class Walk:
    """How one person moves through a scene.

    Attributes:
        person: who.
        across: metres right of the image's middle at time 0.
        away: metres from the camera at time 0.
        heading: degrees as `View.yaw`: 0 comes closer, 90 goes right.
        speed: metres a second; 0 stands.
        view: pose at time 0.
    """

    person: Pedestrian
    across: float
    away: float
    heading: float
    speed: float
    view: View

    @classmethod
    def sample(cls, scene: Scene, person: Pedestrian, rng: np.random.Generator) -> Walk:
        """A walk that begins somewhere in the image."""
        near, far = scene.reach
        away = float(rng.uniform(near, far))
        half = 0.42 * scene.width / scene.ground.focal * away
        view = View.sample(rng, person, pitch=scene.camera.pitch)
        speed = float(rng.uniform(0.9, 1.5)) if view.walking else 0.0
        return cls(person, float(rng.uniform(-half, half)), away, view.yaw, speed, replace(view, hidden=0.0))

    def at(self, scene: Scene, seconds: float) -> tuple[float, float, View]:
        """Foot position (x, y) in pixels and pose after some seconds."""
        turn = np.deg2rad(self.heading)
        gone = self.speed * seconds
        away = max(self.away - gone * float(np.cos(turn)), 1.5)
        across = self.across + gone * float(np.sin(turn))
        x = scene.width / 2 + across * scene.ground.focal / away
        return x, scene.ground.row(away), replace(self.view, phase=(self.view.phase + gone / STEP) % 1.0)


@dataclass(frozen=True)
class Placed:
    """One person drawn for one image.

    Attributes:
        walk: whose walk.
        view: the moment.
        sprite: the cut-out.
        corner: (x, y) of the cut-out's upper left corner in the image.
        box: x1, y1, x2, y2 in the image's pixels, cut at its edges.
    """

    walk: Walk
    view: View
    sprite: Sprite
    corner: tuple[int, int]
    box: tuple[float, float, float, float]


def place(scene: Scene, walk: Walk, seconds: float) -> Placed:
    """Draw the person of a walk as the scene's camera sees them after some seconds."""
    x, y, view = walk.at(scene, seconds)
    sprite = draw_figure(
        walk.person, view, scene.tall(y), scene.camera.light, finer=1 if scene.tall(y) > 200 else 2
    )
    corner = (round(x - sprite.foot[0]), round(y - sprite.foot[1]))
    x1, y1, x2, y2 = (edge + corner[i % 2] for i, edge in enumerate(sprite.box))
    box = (
        float(max(x1, 0)),
        float(max(y1, 0)),
        float(min(x2, scene.width)),
        float(min(y2, scene.height)),
    )
    return Placed(walk, view, sprite, corner, box)


def record(scene: Scene, people: list[Placed], rng: np.random.Generator) -> Image.Image:
    """The image that the camera takes of the people in its scene; nearer ones hide those behind."""
    image = scene.floor.copy()
    light = scene.camera.light
    for one in sorted(people, key=lambda p: p.corner[1] + p.sprite.foot[1]):
        ground_shadow(image, one.sprite, one.corner, light.direction, 0.25 + 0.35 * light.sun)
        paste(image, one.sprite, one.corner)
    return scene.camera.expose(image, 200.0, rng)
