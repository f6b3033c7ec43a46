"""One's own images: a table `people.jsonl` or `people.csv`, or one folder a person.

**Table**: a row an image with `image` (path below the table's folder, or below the folder that recipe or
command name), `person` (whole number or name) and,
where known, `camera`, `captions` (a list; in a .csv separated by " | "), `caption_source` (who wrote them,
for the `trust` of a recipe), `attributes` (an object; in a .csv columns such as `attributes.hair`) and
`split` ("train" where it is missing).

**Folders**: `PERSON/CAMERA_anything.jpg`, or `SPLIT/PERSON/CAMERA_anything.jpg` with the splits "train",
"val", "test", "query" and "gallery". The camera is the part between underscores that reads like "c3", as in
the names of Market-1501, else what stands before the first underscore.

Whole numbers are what they are: "7", "007" and a spreadsheet's "7.0" are one person. "c3", "cam3", "3" and
"c3s1" (a sequence) are one camera.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from textreid.data.datasets._data_set import DataSet
from textreid.data.datasets._image_files import NAMED, is_image, name_others
from textreid.data.image_paths import image_below
from textreid.data.people_table import TABLES, as_whole, read_table
from textreid.errors import AnnotationError, InputError
from textreid.io.camera_names import camera_number, camera_part
from textreid.io.typed_path import typed_path
from textreid.types import PersonCrop

SPLITS = ("train", "val", "test", "query", "gallery")
DEPTH = 3
"""Names in SPLIT/PERSON/CAMERA_anything.jpg; below that, images are looked for only to refuse them."""
WHOLE = re.compile(r"-?\d{1,18}")


class Folder(DataSet):
    """Images of one's own."""

    splits = SPLITS

    def load(self, root: str | Path, split: str, image_folder: str | Path = "") -> list[PersonCrop]:
        """The crops of one split, in the order of the table, or of folder and file names.

        Args:
            root: where the table lies, or the images.
            split: one of `splits`.
            image_folder: what a table's paths lie below, if not below its own folder.

        Raises:
            InputError: there is neither a table nor an image, or none in this split.
            AnnotationError: a malformed row, or an image in the wrong place, named by file, row and key.
        """
        root = typed_path(root)
        images = typed_path(image_folder) if image_folder else root
        rows = list(_rows(root))
        persons = _numbers(_person(row) for _, row in rows)
        cameras = _numbers(_camera(row) for _, row in rows)
        crops = [
            _crop(images, where, row, persons[_person(row)], cameras[_camera(row)])
            for where, row in rows
            if row["split"] == split
        ]
        if not crops:
            found = ", ".join(sorted({row["split"] for _, row in rows})) or "none"
            raise InputError(f"'{root}' has no image of the split '{split}'. It has: {found}.")
        return crops

    def remarks(self, root: str | Path) -> list[str]:
        """Names that are taken for one number, and files that are no images."""
        root = typed_path(root)
        rows = [row for _, row in _rows(root)]
        said = [
            sentence
            for key in ("person", "camera")
            for sentence in _same_number(key, {str(row[key]) for row in rows if row[key] is not None})
        ]
        if not any((root / name).is_file() for name in TABLES):
            said += name_others(root, _files(root))
        return said

    def splits_at(self, root: str | Path) -> tuple[str, ...]:
        """The splits that there are images of.

        Raises:
            InputError: there is neither a table nor an image.
            AnnotationError: a malformed row, or an image in the wrong place.
        """
        there = {row["split"] for _, row in _rows(typed_path(root))}
        return tuple(split for split in SPLITS if split in there)


def _rows(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where each row stands, for messages, and what it says, with every key."""
    for name in TABLES:
        if (root / name).is_file():
            yield from read_table(root / name, SPLITS)
            return
    images = sorted(_images(root))
    if not images:
        raise InputError(
            f"Neither {' nor '.join(TABLES)} nor images in '{root}': expected a row an image, or"
            " PERSON/CAMERA_anything.jpg."
        )
    for path in images:
        yield str(path), _from_name(path, path.relative_to(root))


def _images(root: Path) -> Iterator[Path]:
    return (path for path in _files(root) if is_image(path))


def _files(root: Path) -> Iterator[Path]:
    """The files in a folder and, through links too, in its folders; hidden ones are passed over."""
    for place, folders, files in os.walk(root, followlinks=True):
        folder = Path(place)
        deep = len(folder.relative_to(root).parts) >= DEPTH
        folders[:] = [] if deep else [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith("."):
                yield folder / name


def _from_name(path: Path, inside: Path) -> dict[str, Any]:
    folders = inside.parts[:-1]
    split = folders[0] if folders and folders[0] in SPLITS else ""
    if len(folders) != (2 if split else 1):
        raise AnnotationError(
            f"{path}: expected PERSON/CAMERA_anything.jpg or SPLIT/PERSON/CAMERA_anything.jpg, where SPLIT is"
            f" {', '.join(SPLITS)}"
        )
    first, *others = inside.stem.split("_")
    camera = camera_part(inside.stem) or (first if others else None)
    return {
        "image": inside.as_posix(),
        "person": folders[-1],
        "camera": camera or None,
        "captions": [],
        "caption_source": "",
        "attributes": {},
        "split": split or "train",
    }


def _person(row: dict[str, Any]) -> str | None:
    return None if row["person"] is None else as_whole(str(row["person"]).strip())


def _camera(row: dict[str, Any]) -> str | None:
    if row["camera"] is None:
        return None
    name = str(row["camera"]).strip()
    return camera_number(name) or as_whole(name)


def _same_number(what: str, spellings: set[str]) -> Iterator[str]:
    """A sentence where numbers are spelled in several ways, such as 13 and 13.0."""
    of = defaultdict(list)
    for spelling in sorted(spellings):
        whole = as_whole(spelling.strip())
        if WHOLE.fullmatch(whole):
            of[int(whole)].append(spelling)
    several = [" = ".join(f"'{name}'" for name in names) for _, names in sorted(of.items()) if len(names) > 1]
    if several:
        more = f" and {len(several) - NAMED:,} more" if len(several) > NAMED else ""
        yield f"Names that are one number are taken for one {what}: {', '.join(several[:NAMED])}{more}."


def _numbers(names: Iterable[str | None]) -> dict[str | None, int | None]:
    """Name -> number: whole numbers stay; other names are counted on from the largest, 0 at least."""
    known = {name for name in names if name is not None}
    fixed = {name: int(name) for name in known if WHOLE.fullmatch(name)}
    start = max(0, *fixed.values()) + 1 if fixed else 1
    return {None: None} | fixed | {name: start + n for n, name in enumerate(sorted(known - set(fixed)))}


def _crop(
    folder: Path, where: str, row: dict[str, Any], person: int | None, camera: int | None
) -> PersonCrop:
    image = image_below(folder, row["image"], where)
    if not image.is_file():
        raise AnnotationError(f"{where}, key 'image': there is no file '{image}'")
    if person is not None and person < -1:
        raise AnnotationError(f"{where}, key 'person': expected -1 (junk) or more, found {person}")
    return PersonCrop(
        id=row["image"],
        image=image,
        person_id=person,
        camera_id=camera,
        captions=tuple(row["captions"]),
        caption_source=row["caption_source"],
        attributes={name: str(value) for name, value in row["attributes"].items()},
        split=row["split"],
    )
