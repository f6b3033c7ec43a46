"""The tables of one's own images, `people.jsonl` and `people.csv`: a checked row an image."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from textreid.errors import AnnotationError, InputError
from textreid.io.plain_data import parse_json

TABLES = ("people.jsonl", "people.csv")
WHOLE_FRACTION = re.compile(r"(-?\d+)\.0*")
FRACTION = re.compile(r"[-+]?\d*\.\d+|[-+]?\d+(?:\.\d+)?e[-+]?\d+", re.IGNORECASE)
KEYS = ("image", "person", "camera", "captions", "caption_source", "attributes", "split")


def read_table(path: Path, splits: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where each row stands, for messages, and what it says, with all `KEYS`.

    `image` has forward slashes, `person` is None for somebody unknown, and `camera` where it is not known.

    Args:
        path: a .jsonl, or a .csv of UTF-8.
        splits: the values that `split` may have.

    Raises:
        InputError: the file cannot be read.
        AnnotationError: a malformed row, or two rows of one image, named by file, row and key.
    """
    parse = _jsonl if path.suffix == ".jsonl" else _csv
    first: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for where, row in parse(file, path):
                checked = _checked(where, row, splits)
                if (image := checked["image"]) in first:
                    raise AnnotationError(
                        f"{where}, key 'image': '{image}' is also in {first[image]}; give an image one row,"
                        " with all its captions"
                    )
                first[image] = where
                yield where, checked
    except UnicodeDecodeError as error:
        raise InputError(f"Cannot read '{path}': {error}. Save it as UTF-8.") from error
    except (OSError, csv.Error) as error:
        raise InputError(f"Cannot read '{path}': {error}") from error


def as_whole(name: str) -> str:
    """A whole number without the ".0" that spreadsheets give it; any other name as it is."""
    found = WHOLE_FRACTION.fullmatch(name)
    return found[1] if found else name


def _jsonl(file: Iterable[str], path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(file, 1):
        if line.strip():
            where = f"{path}, row {number}"
            try:
                row = parse_json(line)
            except ValueError as error:
                raise AnnotationError(f"{where}: not JSON: {error}") from error
            if not isinstance(row, dict):
                raise AnnotationError(f"{where}: expected an object, found {row!r:.80}")
            yield where, row


def _csv(file: Iterable[str], path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    reader = csv.DictReader(file)
    for row in reader:
        where = f"{path}, row {reader.line_num}"
        if None in row:
            raise AnnotationError(
                f"{where}: more cells than columns, from {row[None][0]!r:.80};"
                ' put text with commas in "quotes"'
            )
        filled = {key: value for key, value in row.items() if value}
        own: dict[str, Any] = {k: value for k, value in filled.items() if not k.startswith("attributes.")}
        if "captions" in own:
            own["captions"] = [part.strip() for part in own["captions"].split(" | ")]
        named = {k.removeprefix("attributes."): value for k, value in filled.items() if k not in own}
        yield where, own | {"attributes": named}


def _checked(where: str, row: dict[str, Any], splits: tuple[str, ...]) -> dict[str, Any]:
    def fail(key: str, expected: str) -> AnnotationError:
        found = repr(row[key]) if key in row else "nothing"
        return AnnotationError(f"{where}, key '{key}': expected {expected}, found {found:.80}")

    for key in row:
        if key not in KEYS:
            raise AnnotationError(f"{where}, key '{key}': known keys are {', '.join(sorted(KEYS))}")
    whole = {
        "image": "",
        "person": "",
        "camera": None,
        "captions": [],
        "caption_source": "",
        "attributes": {},
        "split": "train",
    } | row
    if not isinstance(whole["image"], str) or not whole["image"]:
        raise fail("image", "a path")
    if not _is_number_or_name(whole["person"]) and not (
        whole["person"] is None and whole["split"] == "train"
    ):
        raise fail("person", "a whole number or a name, or in training null for somebody unknown")
    if whole["camera"] is not None and not _is_number_or_name(whole["camera"]):
        raise fail("camera", "a whole number or a name")
    for key in ("person", "camera"):
        if isinstance(whole[key], str) and FRACTION.fullmatch(as_whole(whole[key].strip())):
            raise fail(key, "a whole number or a name")
    if whole["split"] not in splits:
        raise fail("split", f"one of {', '.join(splits)}")
    captions, attributes = whole["captions"], whole["attributes"]
    if not isinstance(captions, list) or not all(isinstance(c, str) and c.strip() for c in captions):
        raise fail("captions", "a list of texts, none empty")
    if not isinstance(whole["caption_source"], str):
        raise fail("caption_source", "a word")
    if not isinstance(attributes, dict) or not all(map(_is_name, attributes.values())):
        raise fail("attributes", "an object of names and values")
    return whole | {"image": PurePosixPath(whole["image"].replace("\\", "/")).as_posix()}


def _is_number_or_name(value: Any) -> bool:
    return _is_name(value) and not isinstance(value, bool)


def _is_name(value: Any) -> bool:
    return isinstance(value, int | str) and bool(str(value).strip())
