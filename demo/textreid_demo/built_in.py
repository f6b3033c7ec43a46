"""The gallery that `textreid demo` opens by itself: drawn people, made once and cached for this user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from textreid.io.installation import installed_version
from textreid.io.user_folders import cache_folder
from textreid.people.sightings import Sighting
from textreid.search.person_search import PersonSearch
from textreid.synthetic.shots.frames import SEED, Frame, built_in_gallery
from textreid_index import (
    ForeignGalleryError,
    Gallery,
    GalleryDamagedError,
    GalleryNotFoundError,
    Record,
)
from textreid_index.whole_folder import one_at_a_time, whole_folder

if TYPE_CHECKING:
    from textreid.types import ImageTextEncoder

MARGIN = 0.06
EXAMPLES = (
    "a woman in a red coat with a black backpack",
    "a man in a teal hoodie",
    "a teal dress and a red messenger bag",
    "a green jacket and blue jeans",
)


def prepare(encoder: ImageTextEncoder, *, frames: int = 40, folder: Path | None = None) -> Path:
    """The built-in gallery for this encoder, drawn and indexed if this user has none yet.

    It is made beside its place and moved there whole: a start that is interrupted leaves nothing half done,
    and what a killed one leaves is removed by the next. Of several first starts one makes it and the others
    wait.

    Args:
        encoder: the model that will search it.
        frames: how many frames to draw.
        folder: where to store it, instead of the user's cache.

    Returns:
        The gallery's folder.

    Raises:
        GalleryError: the one that is there cannot be opened, and is not damaged either.
        InputError: there is no folder for caches.
    """
    home = folder or cache_folder()
    target = home / f"drawn-people-{installed_version()}-{SEED}-{frames}-{encoder.info.fingerprint[:16]}"
    with one_at_a_time(target):
        if not _is_usable(target / "gallery", encoder):
            with (
                whole_folder(target, replace=True, private=True) as made,
                PersonSearch.open(made / "gallery", create=True, encoder=encoder) as search,
            ):
                drawn = built_in_gallery(frames)
                search.add_sightings(_write_frames(drawn, made / "frames", target / "frames"))
    return target / "gallery"


def _is_usable(gallery: Path, encoder: ImageTextEncoder) -> bool:
    """Whether it can be searched; one that another program holds is not to be replaced, and raises."""
    try:
        with Gallery.open(gallery) as found:
            return len(found) > 0 and found.encoder == encoder.info
    except (GalleryNotFoundError, ForeignGalleryError, GalleryDamagedError):
        return False


def _write_frames(frames: Iterable[Frame], made: Path, final: Path) -> Iterator[Sighting]:
    """The people of each frame, whose file is written to `made` and named as it will be in `final`."""
    for frame in frames:
        name = f"{frame.camera}/{frame.number:03}.jpg"
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        frame.image.save(made / name, quality=90)
        for place, one in enumerate(frame.people):
            box = _widen_box(one.box, frame.image.size)
            id = f"{frame.camera}-{frame.number:03}-{place}"
            record = Record(id, str(final / name), box, frame.camera, frame.time)
            yield Sighting(frame.image.crop(box), record, None)


def _widen_box(
    box: tuple[float, float, float, float], size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """The box with the margin that detectors leave, inside the frame."""
    x1, y1, x2, y2 = box
    x, y = MARGIN * (x2 - x1), MARGIN * (y2 - y1)
    return max(x1 - x, 0.0), max(y1 - y, 0.0), min(x2 + x, size[0]), min(y2 + y, size[1])
