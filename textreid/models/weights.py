"""Weights as they were saved: read from safetensors alone, finite, and of the digest beside them.

`weights.sha256` is what `sha256sum` writes, and `sha256sum -c weights.sha256` checks. It is no part of a
model's fingerprint; where there is none, nothing is claimed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from textreid.errors import ModelError
from textreid.models.finite import find_not_finite
from textreid.models.reading import reading_model

DIGESTS = "weights.sha256"
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def write_digests(folder: Path) -> None:
    """Write the digest of every file of weights in a model's folder beside them."""
    lines = [f"{digest}  {name}\n" for name, digest in _digests(folder).items()]
    (folder / DIGESTS).write_text("".join(lines), encoding="utf-8")


def check_digests(folder: Path) -> None:
    """Compare the weights in a folder with the digests beside them.

    Raises:
        ModelError: the weights are others than were saved, or fewer.
    """
    if not (folder / DIGESTS).is_file():
        return
    saved, found = _saved(folder), _digests(folder)
    for name in sorted(saved.keys() | found.keys()):
        if name not in found:
            raise ModelError(
                f"'{folder}' lacks '{name}', which '{DIGESTS}' names: copy or download the model again."
            )
        if saved.get(name) != found[name]:
            raise ModelError(
                f"'{folder / name}' is not as it was saved: its SHA-256 is not the one in '{DIGESTS}'. Copy"
                f" or download the model again; if you changed the weights yourself, delete '{DIGESTS}'."
            )


def as_saved(folder: Path) -> bool | None:
    """Whether the weights in a folder are those that were saved; None where nothing says."""
    if not (folder / DIGESTS).is_file():
        return None
    try:
        check_digests(folder)
    except ModelError:
        return False
    return True


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Raises:
        ModelError: it is damaged, or holds numbers that are not finite.
    """
    with reading_model(path, "Cannot read the weights in"):
        weights = load_file(path)
    require_finite(weights, path)
    return weights


def require_finite(weights: Mapping[str, Tensor], source: object) -> None:
    """Refuse weights with which nothing could be computed.

    Raises:
        ModelError: one holds a number that is not finite.
    """
    name = find_not_finite(weights)
    if name is not None:
        raise ModelError(
            f"'{source}' holds weights that are not finite, in '{name}': train, copy or download the"
            " model again."
        )


def _saved(folder: Path) -> dict[str, str]:
    with reading_model(folder / DIGESTS, "Cannot read the digests in"):
        lines = (folder / DIGESTS).read_text(encoding="utf-8").splitlines()
    found = [_LINE.fullmatch(line) for line in lines]
    if not found or None in found:
        raise ModelError(
            f"'{folder / DIGESTS}' is damaged: copy or download the model again, or delete that file."
        )
    return {match[2]: match[1] for match in found if match}


def _digests(folder: Path) -> dict[str, str]:
    """Path of each file of weights, relative to the folder -> its SHA-256."""
    found = {}
    for path in sorted(folder.rglob("*.safetensors")):
        with reading_model(path, "Cannot read the weights in"), path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found[path.relative_to(folder).as_posix()] = digest
    return found
