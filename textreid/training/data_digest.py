"""What a run learns from and is measured on, in a few letters: so that it goes on with the same data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from textreid.data.training_set import TrainingSet
from textreid.errors import InputError
from textreid.evaluate.benchmark import Benchmark
from textreid.io.run_folder import RunFolder
from textreid.types import PersonCrop


def digest_data(data: TrainingSet, val: Mapping[str, Benchmark]) -> dict[str, str]:
    """Digests of images, persons, cameras, captions and attributes, of training and of each validation split.

    The files themselves are not read: an image is known by its name.

    Returns:
        Such as "persons of training" -> 16 hex digits.
    """
    parts = {"training": data.crops} | {
        name: (*benchmark.queries, *benchmark.gallery) for name, benchmark in val.items()
    }
    return {f"{what} of {name}": value for name, crops in parts.items() for what, value in _digests(crops)}


def require_same_data(before: Mapping[str, str], now: Mapping[str, str], folder: RunFolder) -> None:
    """Refuse to go on with other data.

    Args:
        before: of the data that the run began with; nothing for a run that did not say.
        now: of the data as it is.
        folder: of the run.

    Raises:
        InputError: it says what changed.
    """
    changed = [name for name, digest in now.items() if before and before.get(name) != digest]
    if changed:
        raise InputError(
            f"The run in '{folder.path}' began with other data: {', '.join(changed)} changed. Put the data"
            f" back as it was, choose another --out, or delete '{folder.state}' to start anew."
        )


def _digests(crops: Iterable[PersonCrop]) -> Iterable[tuple[str, str]]:
    crops = list(crops)
    facts: dict[str, list[object]] = {
        "images": [crop.id for crop in crops],
        "persons": [crop.person_id for crop in crops],
        "cameras": [crop.camera_id for crop in crops],
        "captions": [[*crop.captions, crop.caption_source] for crop in crops],
        "attributes": [sorted(crop.attributes.items()) for crop in crops],
    }
    for what, values in facts.items():
        text = json.dumps(values)
        yield what, hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
