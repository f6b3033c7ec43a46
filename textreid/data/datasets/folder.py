"""One's own pictures: a table `people.jsonl` or `people.csv`, or one folder a person.

**Table**: a row a picture with `image` (path relative to the table), `person` (whole number or name) and,
where known, `camera`, `captions` (a list; in a .csv separated by " | "), `attributes` (an object; in a .csv columns
such as `attributes.hair`) and `split` ("train" where it is missing).

**Folders**: `PERSON/CAMERA_anything.jpg`, or `SPLIT/PERSON/CAMERA_anything.jpg` with the splits "train",
"val", "test", "query" and "gallery". The camera is what stands before the first underscore; "c3", "cam3" and "3" are
the same camera.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textreid.errors import AnnotationError, InputError
from textreid.types import PersonCrop

SPLITS = ("train", "val", "test", "query", "gallery")
TABLES = ("people.jsonl", "people.csv")
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


def load(root: str | Path, split: str) -> list[PersonCrop]:
    """The crops of one split, in the order of the table, or of folder and file names.

    Raises:
        InputError: there is neither a table nor a picture, or none in this split.
        AnnotationError: a malformed row, named by file, row and key.
    """
    root = Path(root).expanduser()
    rows = list(_rows(root))
    persons = _numbers([str(row["person"]) for _, row in rows])
    cameras = _numbers([str(row["camera"]) for _, row in rows if row["camera"] is not None])
    crops = []
    for where, row in rows:
        if row["split"] == split:
            camera = None if row["camera"] is None else cameras[str(row["camera"])]
            crops.append(_crop(root, where, row, persons[str(row["person"])], camera))
    if not crops:
        found = ", ".join(sorted({row["split"] for _, row in rows})) or "none"
        raise InputError(f"'{root}' has no picture of the split '{split}'. It has: {found}.")
    return crops


def found(root: str | Path) -> tuple[str, ...]:
    """The splits that there are pictures of.

    Raises:
        InputError: there is neither a table nor a picture.
        AnnotationError: a malformed row.
    """
    there = {row["split"] for _, row in _rows(Path(root).expanduser())}
    return tuple(split for split in SPLITS if split in there)


def _rows(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where each row stands, and what it says, with every key."""
    for name in TABLES:
        path = root / name
        if path.is_file():
            read = _jsonl if path.suffix == ".jsonl" else _csv
            for number, row in read(path):
                yield f"{path}, row {number}", _complete(f"{path}, row {number}", row)
            return
    pictures = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not pictures:
        raise InputError(
            f"Neither {' nor '.join(TABLES)} nor pictures in '{root}': expected a row a picture, or"
            " PERSON/CAMERA_anything.jpg."
        )
    for path in pictures:
        yield str(path), _from_name(path.relative_to(root), path)


def _jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise AnnotationError(f"{path}, row {number}: not JSON: {error}") from error
            if not isinstance(row, dict):
                raise AnnotationError(f"{path}, row {number}: expected an object, found {row!r:.80}")
            yield number, row


def _csv(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            filled = {key: value for key, value in row.items() if key and value}
            own = {key: value for key, value in filled.items() if not key.startswith("attributes.")}
            if "captions" in own:
                own["captions"] = [part.strip() for part in own["captions"].split(" | ")]
            names = [key for key in filled if key.startswith("attributes.")]
            yield number, own | {"attributes": {name.partition(".")[2]: filled[name] for name in names}}


def _complete(where: str, row: dict[str, Any]) -> dict[str, Any]:
    known = {"image", "person", "camera", "captions", "attributes", "split"}
    for key in ("image", "person"):
        if row.get(key) in (None, ""):
            raise AnnotationError(f"{where}, key '{key}': expected a value, found nothing")
    for key in row:
        if key not in known:
            raise AnnotationError(f"{where}, key '{key}': known keys are {', '.join(sorted(known))}")
    complete = {"camera": None, "captions": [], "attributes": {}, "split": "train"} | row
    if complete["split"] not in SPLITS:
        raise AnnotationError(f"{where}, key 'split': expected one of {', '.join(SPLITS)}")
    captions = complete["captions"]
    if not isinstance(captions, list) or not all(isinstance(c, str) and c.strip() for c in captions):
        raise AnnotationError(f"{where}, key 'captions': expected sentences, found {captions!r:.80}")
    if not isinstance(complete["attributes"], dict):
        raise AnnotationError(f"{where}, key 'attributes': expected an object")
    return complete


def _from_name(inside: Path, path: Path) -> dict[str, Any]:
    parts = inside.parts
    split = parts[0] if len(parts) > 2 and parts[0] in SPLITS else "train"
    if len(parts) < 2:
        raise AnnotationError(f"{path}: expected PERSON/CAMERA_anything.jpg; it lies in no person's folder")
    camera = re.match(r"(?:camera|cam|c)?-?(\w+?)_", inside.name, re.IGNORECASE)
    return {
        "image": str(inside),
        "person": parts[-2],
        "camera": camera and camera[1],
        "captions": [],
        "attributes": {},
        "split": split,
    }


def _numbers(names: list[str]) -> dict[str, int]:
    """Name -> number: whole numbers stay; other names are counted on from the largest."""
    fixed = {name: int(name) for name in names if re.fullmatch(r"-?\d+", name)}
    others = sorted(set(names) - set(fixed))
    start = max(fixed.values(), default=0) + 1
    return fixed | {name: start + number for number, name in enumerate(others)}


def _crop(root: Path, where: str, row: dict[str, Any], person: int, camera: int | None) -> PersonCrop:
    image = root / row["image"]
    if not image.is_file():
        raise AnnotationError(f"{where}, key 'image': there is no file '{image}'")
    return PersonCrop(
        id=str(row["image"]),
        image=image,
        person_id=person,
        camera_id=camera,
        captions=tuple(row["captions"]),
        attributes={name: str(value) for name, value in row["attributes"].items()},
        split=row["split"],
    )
