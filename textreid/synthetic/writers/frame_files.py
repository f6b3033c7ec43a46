"""Full frames on disk, with the truth about them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from textreid.io.whole_folder import whole_folder
from textreid.synthetic.shots.frames import SEED, built_in_gallery


def write_frames(
    root: Path | str,
    *,
    frames: int = 40,
    cameras: int = 4,
    identities: int = 60,
    seed: int = SEED,
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


def _exif(time: float) -> Image.Exif:
    exif = Image.Exif()
    moment = datetime.fromtimestamp(time, tz=UTC)
    part = exif.get_ifd(0x8769)
    part[0x9003] = moment.strftime("%Y:%m:%d %H:%M:%S")
    part[0x9011] = "+00:00"
    part[0x9291] = f"{moment.microsecond // 1000:03d}"
    return exif
