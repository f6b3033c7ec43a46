"""Drawn people in the official layout of CUHK-PEDES."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from textreid.config import check_at_least
from textreid.errors import InputError
from textreid.io.whole_folder import whole_folder
from textreid.synthetic.drawing.seeding import rng as seeded
from textreid.synthetic.pedestrians.pose import View
from textreid.synthetic.pedestrians.sampling import sample_pedestrians
from textreid.synthetic.places.camera import Camera
from textreid.synthetic.shots.crop import draw_crop
from textreid.synthetic.wording.captions import WRITERS, caption

CAMERAS = 200


def write_cuhk_pedes(
    root: Path | str,
    *,
    identities: int = 100,
    images_per_identity: int = 4,
    seed: int = 0,
    split: tuple[float, float, float] = (0.7, 0.1, 0.2),
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write `root/CUHK-PEDES` with `imgs/` and `reid_raw.json` as the original has them.

    Every image has two captions, one of each writer. Identities are numbered from 1; those of train, val and
    test are disjoint. Captions of val and test leave out fewer things than those of train, so that they name
    one identity.

    Args:
        root: folder that will hold `CUHK-PEDES`.
        identities: how many people.
        images_per_identity: crops of each, from different cameras and sides.
        seed: equal seeds give equal bytes.
        split: fractions of train, val and test identities; they sum to 1.
        progress: called with (images written, images in all).

    Returns:
        The folder `root/CUHK-PEDES`.

    Raises:
        InputError: the folder exists, a number is too small or the fractions do not sum to 1.
    """
    check_at_least("identities", identities, 1)
    check_at_least("images_per_identity", images_per_identity, 1)
    if min(split) < 0 or abs(sum(split) - 1) > 1e-6:
        raise InputError(f"The fractions of train, val and test are {split}; give three that sum to 1.")
    names = _splits(identities, split)
    rows = []
    with whole_folder(Path(root) / "CUHK-PEDES") as folder:
        (folder / "imgs" / "synthetic").mkdir(parents=True)
        for index, person in enumerate(sample_pedestrians(identities, seed)):
            for shot in range(images_per_identity):
                rng = seeded(seed, "cuhk-pedes", index, shot)
                camera = Camera.place(seed, int(rng.integers(1, CAMERAS + 1)))
                view = View.sample(rng, person, pitch=camera.pitch)
                path = f"synthetic/{index + 1:05d}_{shot + 1:02d}.jpg"
                draw_crop(person, view, camera, seed + shot).save(folder / "imgs" / path, quality=95)
                keep = 0.86 if names[index] == "train" else 0.97
                captions = [
                    caption(person, view, seed * 1009 + shot, writer=writer, keep=keep) for writer in WRITERS
                ]
                rows.append(
                    {
                        "split": names[index],
                        "captions": captions,
                        "file_path": path,
                        "processed_tokens": [re.findall(r"[a-z0-9-]+", text.lower()) for text in captions],
                        "id": index + 1,
                    }
                )
                if progress is not None:
                    progress(len(rows), identities * images_per_identity)
        (folder / "reid_raw.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return Path(root) / "CUHK-PEDES"


def _splits(identities: int, split: tuple[float, float, float]) -> list[str]:
    val = round(identities * split[1])
    test = round(identities * split[2])
    return ["train"] * (identities - val - test) + ["val"] * val + ["test"] * test
