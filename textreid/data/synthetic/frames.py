"""Full frames with several people, from several cameras over a morning, and the truth about them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from textreid.data.synthetic.camera import Camera
from textreid.data.synthetic.captions import caption
from textreid.data.synthetic.folder import at_least, whole_folder
from textreid.data.synthetic.pedestrian import Pedestrian
from textreid.data.synthetic.pose import View
from textreid.data.synthetic.sampling import sample_pedestrians
from textreid.data.synthetic.scene import Placed, Scene, Walk, place, record
from textreid.data.synthetic.seeding import rng as seeded

MORNING = datetime(2024, 5, 6, 8, 0, tzinfo=UTC).timestamp()
SHOTS = 2  # frames of one moment
APART = 1.2  # seconds between them
CROWD = 5  # people in a frame


@dataclass(frozen=True)
class FramePerson:
    """One person in one frame.

    Attributes:
        person: who; `person.number` is the identity.
        box: x1, y1, x2, y2 in pixels, around all that is drawn of the person inside the frame.
        track: equal for the same person in consecutive frames of one camera.
        view: the moment.
        caption: a sentence about what this view shows.
    """

    person: Pedestrian
    box: tuple[float, float, float, float]
    track: int
    view: View
    caption: str


@dataclass(frozen=True)
class Frame:
    """One full picture of one camera.

    Attributes:
        image: RGB.
        camera: its name, "c1" and on.
        number: of the frame among its camera's, from 1.
        time: POSIX seconds.
        people: those in the picture, from the farthest to the nearest.
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
    seed: int = 2025,
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
    at_least("frames", frames, 1)
    at_least("cameras", cameras, 1)
    at_least("identities", identities, 1)
    people = sample_pedestrians(identities, seed)
    track = 0
    for index in range(cameras):
        camera = Camera.place(seed, index + 1)
        scene = Scene.of(camera, *size)
        count = frames // cameras + (index < frames % cameras)
        for moment in range(-(-count // SHOTS)):
            rng = seeded(seed, "moment", index, moment)
            first = MORNING + 300.0 * moment + 60.0 * index + float(rng.uniform(0, 40))
            walks = _crowd(scene, _who(people, index, moment, rng), rng)
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


def write_frames(
    root: Path | str,
    *,
    frames: int = 40,
    cameras: int = 4,
    identities: int = 60,
    seed: int = 2025,
    size: tuple[int, int] = (960, 540),
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write the frames of `built_in_gallery` as `root/frames/c1/000001.jpg`, with `annotations.json`.

    Every JPEG carries its time in EXIF, as a photo does. The annotations hold, for each frame, file, camera,
    POSIX time and size, and for each person in it box, identity, track, side and caption; and the attributes
    of each identity.

    Args:
        root: folder that will hold `frames`.
        frames: how many in all.
        cameras: how many cameras share them.
        identities: how many different people.
        seed: equal seeds give equal bytes.
        size: width and height in pixels.
        progress: called with (frames written, frames in all).

    Returns:
        The folder `root/frames`.

    Raises:
        InputError: the folder exists or a number is below 1.
    """
    target = Path(root) / "frames"
    rows: list[dict[str, object]] = []
    people: dict[int, dict[str, str]] = {}
    with whole_folder(target) as folder:
        shots = built_in_gallery(frames, cameras=cameras, identities=identities, seed=seed, size=size)
        for done, frame in enumerate(shots, 1):
            file = f"{frame.camera}/{frame.number:06d}.jpg"
            (folder / file).parent.mkdir(exist_ok=True)
            frame.image.save(folder / file, quality=92, exif=_exif(frame.time))
            people |= {one.person.number: dict(one.person.attributes()) for one in frame.people}
            rows.append(
                {
                    "file": file,
                    "camera": frame.camera,
                    "time": frame.time,
                    "width": size[0],
                    "height": size[1],
                    "people": [
                        {
                            "id": p.person.number,
                            "box": p.box,
                            "track": p.track,
                            "side": p.view.side,
                            "caption": p.caption,
                        }
                        for p in frame.people
                    ],
                }
            )
            if progress is not None:
                progress(done, frames)
        content = {"identities": {str(k): people[k] for k in sorted(people)}, "frames": rows}
        (folder / "annotations.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
    return target


def _who(people: list[Pedestrian], camera: int, moment: int, rng: np.random.Generator) -> list[Pedestrian]:
    """The people of one moment: everybody passes each camera in turn, not in the same order."""
    start = (moment * CROWD + camera * 17) % len(people)
    order = [people[(start + i) % len(people)] for i in range(min(CROWD, len(people)))]
    return [order[int(i)] for i in rng.permutation(len(order))]


def _crowd(scene: Scene, people: list[Pedestrian], rng: np.random.Generator) -> list[Walk]:
    """Walks that keep people from hiding each other in the first and the last frame of a moment."""
    walks: list[Walk] = []
    spans: list[list[tuple[float, float, float]]] = []
    for person in people:
        best: tuple[float, Walk, list[tuple[float, float, float]]] | None = None
        for _ in range(40):
            walk = Walk.sample(scene, person, rng)
            span = [_span(scene, walk, shot * APART) for shot in range(SHOTS)]
            worst = max((_hidden(span[k], other[k]) for other in spans for k in range(SHOTS)), default=0.0)
            worst += sum(
                0.5 for left, right, y in span if left < 0 or right > scene.width or y > scene.height
            )
            if best is None or worst < best[0]:
                best = (worst, walk, span)
            if worst < 0.15:
                break
        assert best is not None
        if best[0] < 0.5:
            walks.append(best[1])
            spans.append(best[2])
    return walks


def _span(scene: Scene, walk: Walk, seconds: float) -> tuple[float, float, float]:
    x, y, _ = walk.at(scene, seconds)
    half = 0.2 * scene.tall(y) + (0.12 * scene.tall(y) if walk.person.umbrella else 0)
    return x - half, x + half, y


def _hidden(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """Share of the narrower of two people that the other's columns cover."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return max(shared, 0.0) / min(one[1] - one[0], other[1] - other[0])


def _enough(placed: Placed, scene: Scene) -> bool:
    """Whether most of the person is inside the picture."""
    x1, y1, x2, y2 = placed.box
    sx1, sy1, sx2, sy2 = placed.sprite.box
    inside = max(x2 - x1, 0) * max(y2 - y1, 0)
    return inside > 0.6 * (sx2 - sx1) * (sy2 - sy1) and y2 <= scene.height


def _truth(placed: Placed, track: int, seed: int) -> FramePerson:
    text = caption(placed.walk.person, placed.view, seed)
    return FramePerson(placed.walk.person, placed.box, track, placed.view, text)


def _exif(time: float) -> Image.Exif:
    exif = Image.Exif()
    moment = datetime.fromtimestamp(time, tz=UTC)
    part = exif.get_ifd(0x8769)
    part[0x9003] = moment.strftime("%Y:%m:%d %H:%M:%S")
    part[0x9011] = "+00:00"
    part[0x9291] = f"{moment.microsecond // 1000:03d}"
    return exif
