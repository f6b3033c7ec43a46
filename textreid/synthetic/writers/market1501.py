"""Drawn people in the official layout of Market-1501."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from textreid.config import check_at_least
from textreid.io.whole_folder import whole_folder
from textreid.synthetic.drawing.seeding import rng as seeded
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.pose import View
from textreid.synthetic.pedestrians.sampling import sample_pedestrians
from textreid.synthetic.places.camera import Camera
from textreid.synthetic.shots.crop import draw_crop

CAMERAS = 6
SIZE = (64, 128)


def write_market1501(
    root: Path | str,
    *,
    identities: int = 100,
    images_per_identity: int = 8,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write `root/Market-1501-v15.09.15` with `bounding_box_train`, `bounding_box_test` and `query`.

    Files are named as the original's, `0002_c1s1_000451_03.jpg`: identity, camera and sequence, frame, box.
    Half of the identities are for training. Each of the others is seen by at least two of the six cameras and
    asked for once from each that sees it; the gallery also holds distractors (`0000`) and junk (`-1`), one of
    each for every four images of people.

    Args:
        root: folder that will hold the data set.
        identities: how many people, at least 2.
        images_per_identity: crops of each (the queries come in addition), at least 2.
        seed: equal seeds give equal bytes.
        progress: called with (identities written, identities in all).

    Returns:
        The folder `root/Market-1501-v15.09.15`.

    Raises:
        InputError: the folder exists or a number is too small.
    """
    check_at_least("identities", identities, 2)
    check_at_least("images_per_identity", images_per_identity, 2)
    cameras = [Camera.place(seed, number) for number in range(1, CAMERAS + 1)]
    people = sample_pedestrians(identities, seed)
    spare = 0
    with whole_folder(Path(root) / "Market-1501-v15.09.15") as folder:
        for name in ("bounding_box_train", "bounding_box_test", "query"):
            (folder / name).mkdir()
        for index, person in enumerate(people):
            train = index < identities // 2
            rng = seeded(seed, "market1501", index)
            seen_by = rng.permutation(CAMERAS)[: int(rng.integers(2, min(CAMERAS, images_per_identity) + 1))]
            for shot in range(images_per_identity):
                camera = cameras[int(seen_by[shot % len(seen_by)])]
                where = folder / ("bounding_box_train" if train else "bounding_box_test")
                name = _name(index + 1, camera.number, 1 + shot % 3, index * 97 + shot * 25, 1 + shot % 4)
                _shot(person, camera, rng, seed + shot).save(where / name, quality=95)
            if not train:
                for number in seen_by:
                    camera = cameras[int(number)]
                    name = _name(index + 1, camera.number, 1, index * 97 + 7, 0)
                    _shot(person, camera, rng, seed + 1000).save(folder / "query" / name, quality=95)
                for _ in range(-(-images_per_identity // 4)):
                    spare += 1
                    camera = cameras[spare % CAMERAS]
                    extra = seeded(seed, "spare", spare)
                    stranger = sample_pedestrians(1, seed, start=1_000_000 + spare)[0]
                    frame = spare * 11
                    junk = _cut(_shot(person, camera, extra, seed + 2000 + spare), extra)
                    junk.save(
                        folder / "bounding_box_test" / _name(-1, camera.number, 1, frame, 1), quality=95
                    )
                    false = _cut(_shot(stranger, camera, extra, seed + spare), extra)
                    false.save(
                        folder / "bounding_box_test" / _name(0, camera.number, 1, frame, 2), quality=95
                    )
            if progress is not None:
                progress(index + 1, identities)
    return Path(root) / "Market-1501-v15.09.15"


def _name(identity: int, camera: int, sequence: int, frame: int, box: int) -> str:
    number = "-1" if identity < 0 else f"{identity:04d}"
    return f"{number}_c{camera}s{sequence}_{frame:06d}_{box:02d}.jpg"


def _shot(person: Pedestrian, camera: Camera, rng: np.random.Generator, seed: int) -> Image.Image:
    view = View.sample(rng, person, pitch=camera.pitch)
    return draw_crop(person, view, camera, seed).resize(SIZE, Image.Resampling.BILINEAR)


def _cut(crop: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A bad box: part of a person, as a detector's false alarm shows it."""
    width, height = crop.size
    x, y = int(rng.uniform(0.25, 0.6) * width), int(rng.uniform(0.3, 0.65) * height)
    if rng.random() < 0.5:
        x = -x
    return crop.crop((max(x, 0), max(y, 0), width + min(x, 0), height)).resize(
        SIZE, Image.Resampling.BILINEAR
    )
