"""Data sets as Hugging Face `datasets`: Parquet files that hold the images themselves, and back."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from textreid.data import datasets
from textreid.data.people_table import TABLES
from textreid.errors import AnnotationError, InputError
from textreid.io.typed_path import typed_path
from textreid.io.whole_folder import whole_folder
from textreid.types import PersonCrop

SHARD = 2_000


def features() -> Any:
    """The columns, as `datasets.Features`.

    `image` holds the image's own bytes, never re-encoded, and its name; `id` is unique in the data set;
    `person` -1 marks junk, null somebody unknown; `camera` and `time` (seconds) are null where unknown;
    `captions` describe this image, `caption_source` who wrote them, "" where nothing says;
    `attributes` pairs of name and value.
    """
    from datasets import Features, Image, List, Value

    return Features(
        {
            "image": Image(),
            "id": Value("string"),
            "person": Value("int64"),
            "camera": Value("int64"),
            "captions": List(Value("string")),
            "caption_source": Value("string"),
            "attributes": List({"name": Value("string"), "value": Value("string")}),
            "time": Value("float64"),
        }
    )


def to_dataset_dict(crops: dict[str, list[PersonCrop]], cache: str | Path | None = None) -> Any:
    """A `datasets.DatasetDict` with one `Dataset` a split.

    Args:
        crops: split -> its crops.
        cache: folder for the Arrow files; the library's own by default.

    Raises:
        InputError: an image cannot be read.
    """
    from datasets import Dataset, DatasetDict

    def rows(split: str) -> Iterator[dict[str, Any]]:
        return map(_row, crops[split])

    return DatasetDict(
        {
            split: Dataset.from_generator(
                rows, features=features(), gen_kwargs={"split": split}, cache_dir=cache and str(cache)
            )
            for split in crops
        }
    )


def write_parquet(
    name: str,
    root: str | Path,
    out: Path,
    *,
    image_folder: str | Path = "",
    progress: Callable[[int, int], None] = lambda *_: None,
) -> dict[str, int]:
    """Every split of a data set as `out/data/SPLIT-00000-of-0000N.parquet`, images included.

    `datasets.load_dataset(out)` reads it, and a hub takes it as it is. The folder appears whole or not at
    all.

    Args:
        name: of `textreid.data.datasets.names()`.
        root: where it lies.
        out: must not exist yet.
        image_folder: what the paths in a table of one's own lie below, if not below its own folder.
        progress: told how many images are done, of how many.

    Returns:
        Split -> number of images; splits that are not there are left out.

    Raises:
        InputError: no split can be read, an image cannot, or `out` exists.
    """
    from datasets import Dataset

    crops = read_splits(name, root, image_folder)
    with whole_folder(out) as folder:
        (folder / "data").mkdir(parents=True)
        done, total = 0, sum(map(len, crops.values()))
        for split, own in crops.items():
            shards = -(-len(own) // SHARD)
            for number in range(shards):
                part = own[number * SHARD : (number + 1) * SHARD]
                table = Dataset.from_list([_row(crop) for crop in part], features=features())
                table.to_parquet(folder / "data" / f"{split}-{number:05}-of-{shards:05}.parquet")
                done += len(part)
                progress(done, total)
    return {split: len(own) for split, own in crops.items()}


def read_splits(name: str, root: str | Path, image_folder: str | Path = "") -> dict[str, list[PersonCrop]]:
    """Split -> crops, of the splits that are there, with each image once.

    Of a data set that is split again and again the first trial is read: the others hold the same images.

    Raises:
        InputError: none is there.
        AnnotationError: a malformed row of one that is.
    """
    found, failures = {}, []
    for split in datasets.disjoint_splits(name):
        try:
            found[split] = datasets.load(name, root, split, image_folder)
        except AnnotationError:
            raise
        except InputError as error:
            failures.append(error)
    if not found:
        raise failures[0]
    return found


def read_parquet(
    source: str | Path, out: Path, *, progress: Callable[[int, int], None] = lambda *_: None
) -> dict[str, int]:
    """Parquet files with the columns of `features`, turned into the layout of one's own data.

    Args:
        source: a folder that `write_parquet` wrote, or the hub id of such a data set.
        out: must not exist yet; becomes `people.jsonl` and `images/SPLIT/...` (see
            `textreid.data.datasets.folder`).
        progress: told how many images are done, of how many.

    Returns:
        Split -> number of images.

    Raises:
        InputError: it cannot be read, lacks a file, a column or an image, has an id twice, or `out` exists.
    """
    counts = {}
    with TemporaryDirectory() as cache, whole_folder(out) as folder:
        loaded = _load(source, cache)
        done, total = 0, sum(map(len, loaded.values()))
        with (folder / TABLES[0]).open("w", encoding="utf-8") as table:
            for split, rows in loaded.items():
                for row in rows:
                    path = _place(split, row)
                    place = typed_path(folder / path)
                    if place.exists():
                        raise InputError(f"Two images of the split '{split}' have the id '{row['id']}'.")
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(row["image"]["bytes"])
                    table.write(json.dumps(_table_row(row, split, path)) + "\n")
                    done += 1
                    progress(done, total)
                counts[split] = len(rows)
    return counts


def _row(crop: PersonCrop) -> dict[str, Any]:
    try:
        content = crop.image.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read '{crop.image}': {error}") from error
    return {
        "image": {"bytes": content, "path": crop.image.name},
        "id": crop.id,
        "person": crop.person_id,
        "camera": crop.camera_id,
        "captions": list(crop.captions),
        "caption_source": crop.caption_source,
        "attributes": [{"name": name, "value": value} for name, value in crop.attributes.items()],
        "time": crop.time,
    }


def _load(source: str | Path, cache: str) -> Any:
    from datasets import Features, Image, load_dataset

    folder = typed_path(source)
    _check_shards(folder)
    here = {"path": "parquet", "data_files": _files(folder)} if folder.is_dir() else {"path": str(source)}
    try:
        loaded = load_dataset(**here, cache_dir=cache)
    except Exception as error:  # the library raises whatever its readers and the network raise
        raise InputError(f"Cannot read the data set '{source}': {error}") from error
    for split, rows in loaded.items():
        missing = set(features()) - set(rows.column_names)
        if missing:
            raise InputError(f"'{source}', split '{split}', lacks the columns {', '.join(sorted(missing))}.")
    known = Features(features() | {"image": Image(decode=False)})
    try:
        return {split: rows.select_columns(list(known)).cast(known) for split, rows in loaded.items()}
    except Exception as error:
        raise InputError(f"A column of '{source}' is of another type than it should be: {error}") from error


def _check_shards(folder: Path) -> None:
    """Raise `InputError` where files of a split that says how many it has are missing."""
    there: dict[tuple[str, int], int] = Counter()
    for path in folder.rglob("*.parquet"):
        if found := re.fullmatch(r"(.+)-\d{5}-of-(\d{5})\.parquet", path.name):
            there[found[1], int(found[2])] += 1
    for (split, shards), number in there.items():
        if number != shards:
            raise InputError(
                f"'{folder}' has {number} of the {shards} files of the split '{split}': copy it again."
            )


def _files(folder: Path) -> dict[str, list[str]]:
    """Split -> its files in a folder: nothing else in it is read, no list of files that it may bring along.

    Raises:
        InputError: there are none.
    """
    files: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*.parquet")):
        name = re.sub(r"-\d{5}-of-\d{5}$", "", path.stem)
        files.setdefault(path.parent.name if name.isdecimal() else name, []).append(str(path))
    if not files:
        raise InputError(f"'{folder}' holds no Parquet file.")
    return files


def _place(split: str, row: dict[str, Any]) -> str:
    """Where an image goes: the folders of its id, be it absolute, but never out of the data set's."""
    image = row["image"] or {}
    parts = re.split(r"[/\\]", str(row["id"]))
    inside = [part for part in parts if part not in ("", ".", "..") and not part.endswith(":")]
    if not inside or image.get("bytes") is None:
        raise InputError(f"The row '{row['id']}' of the split '{split}' holds no image.")
    path = PurePosixPath("images", split, *inside)
    suffix = Path(image.get("path") or "").suffix or ".jpg"
    return str(path if path.suffix else path.with_suffix(suffix))


def _table_row(row: dict[str, Any], split: str, path: str) -> dict[str, Any]:
    row_of_table = {
        "camera": row["camera"],
        "captions": row["captions"],
        "caption_source": row["caption_source"],
        "attributes": {pair["name"]: pair["value"] for pair in row["attributes"] or ()},
        "split": split,
    }
    known = {key: value for key, value in row_of_table.items() if value not in (None, "", [], {})}
    return {"image": path, "person": row["person"], **known}
