"""The models that can be used by name: those that come with textreid, and those in $TEXTREID_MODELS."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from textreid.errors import InputError, ModelError, UnknownNameError
from textreid.io.installation import package_folder
from textreid.io.plain_data import read_json
from textreid.io.typed_path import typed_path
from textreid.io.weights_header import count_weights
from textreid_index.whole_folder import recover

FINGERPRINTED = ["*.json", "*.safetensors", "vocab.txt", "merges.txt", "*.model"]
CALIBRATION = "calibration.json"
"""What a model's scores mean (`textreid.inference.calibration`): it changes no vector."""

HUB_FILES = [*FINGERPRINTED, "weights.sha256", "README.md", "LICENSE*", "*.jinja"]
HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


@dataclass(frozen=True)
class ModelInfo:
    """One model that can be named with `--model`.

    Attributes:
        name: what to type.
        path: its folder.
        dim: D, size of its vectors.
        parameters: number of weights.
        bytes: size of the weights on disk.
        terms: licence of the weights.
        description: one line.
        results: measured results by benchmark and metric, percent, from its card.
    """

    name: str
    path: Path
    dim: int | None
    parameters: int
    bytes: int
    terms: str
    description: str
    results: dict[str, float] = field(default_factory=dict)


def list_models() -> list[ModelInfo]:
    """Every model folder that comes with textreid or lies in a folder named in $TEXTREID_MODELS."""
    return [_describe(folder) for folder in _folders().values()]


def find_model(name: str) -> tuple[str, Path]:
    """The folder of a model, and the name that finds it again from anywhere (for a folder its full path).

    Args:
        name: a listed name, a folder, or a hub id such as "openai/clip-vit-base-patch32" (downloaded once).

    Raises:
        UnknownNameError: nothing has that name.
        ModelError: the hub cannot give it.
    """
    folders = _folders()
    if name in folders:
        return name, folders[name]
    path = _folder(name)
    if path is not None:
        return str(path), path
    if not HUB_ID.fullmatch(name):
        raise UnknownNameError("model", name, folders)
    return name, _from_hub(name, folders)


def find_on_disk(name: str, wanted: str | None = None) -> Path | None:
    """The folder of a model on this disk, without asking a hub; None where there is none.

    Args:
        name: as for `find_model`; of a hub id, every version in the hub's cache is looked at.
        wanted: a fingerprint. Where several models go by the name, the one that has it is taken, or else the
            first.
    """
    found = list(_on_disk(name))
    if len(found) > 1:
        found.sort(key=lambda folder: fingerprint(folder) != wanted)
    return found[0] if found else None


def _on_disk(name: str) -> Iterator[Path]:
    listed, path = _folders().get(name), _folder(name)
    yield from (folder for folder in (listed, path) if folder is not None)
    if HUB_ID.fullmatch(name):
        from huggingface_hub import constants

        cached = Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}"
        main = cached / "refs" / "main"
        current = main.read_text(encoding="utf-8").strip() if main.is_file() else ""
        versions = sorted((cached / "snapshots").glob("*"), key=lambda folder: folder.name != current)
        yield from (folder for folder in versions if any(folder.rglob("*.safetensors")))


def _folder(name: str) -> Path | None:
    """The folder of that path; None where there is none, or none that may be looked at."""
    try:
        path = typed_path(name)
        if path.name and not path.is_dir():
            recover(path)
        return path.resolve() if name and path.is_dir() else None
    except (InputError, OSError):
        return None


def fingerprint(folder: Path) -> str:
    """16 hexadecimal digits of the SHA-256 over all files that decide what vectors a model gives.

    These are weights, configuration, preprocessing and vocabulary; a model card, a calibration of the scores
    or a folder's name is not.
    """
    digest = hashlib.sha256()
    deciding = {path for pattern in FINGERPRINTED for path in folder.rglob(pattern)} - {folder / CALIBRATION}
    for path in sorted(deciding):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:16]


def _from_hub(name: str, listed: Iterable[str]) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=HUB_FILES))
    except (
        Exception
    ) as error:  # the hub's client raises many kinds, from network errors to missing repositories
        raise ModelError(
            f"'{name}' is neither a listed model nor a folder, and the hub did not give it: {error}"
            f" Listed: {', '.join(listed) or 'none'}. Without a connection to the hub, download '{name}' to a"
            " folder and pass its path."
        ) from error


def _folders() -> dict[str, Path]:
    extra = [Path(part) for part in os.environ.get("TEXTREID_MODELS", "").split(os.pathsep) if part]
    roots = [package_folder() / "weights", *extra]
    return {
        folder.name: folder
        for root in roots
        if root.is_dir()
        for folder in sorted(root.iterdir())
        if not folder.name.startswith(".")  # what a killed writer may leave
        and ((folder / "config.json").is_file() or (folder / "modules.json").is_file())
    }


def _describe(folder: Path) -> ModelInfo:
    try:
        return _read_folder(folder)
    except Exception as error:  # listed still, with the reason
        reason = f"damaged: {error}".splitlines()[0]
        return ModelInfo(folder.name, folder, None, 0, 0, terms="unknown", description=reason)


def _read_folder(folder: Path) -> ModelInfo:
    weights = sorted(folder.rglob("*.safetensors"))
    config = read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    dim = config.get("projection_dim") or config.get("hidden_size")
    if dim is not None and type(dim) is not int:
        raise ValueError(f"'{folder / 'config.json'}' gives vectors the size {dim!r:.40}")
    terms, description, results = _card(folder / "README.md")
    return ModelInfo(
        name=folder.name,
        path=folder,
        dim=dim,
        parameters=sum(map(count_weights, weights)),
        bytes=sum(path.stat().st_size for path in weights),
        terms=terms,
        description=description,
        results=results,
    )


def _card(path: Path) -> tuple[str, str, dict[str, float]]:
    """Terms, first line and results of a model card in the hub's format."""
    if not path.is_file():
        return "see its source", "", {}
    from huggingface_hub import ModelCard
    from yaml import YAMLError  # type: ignore[import-untyped]

    try:
        card = ModelCard.load(path)
    except YAMLError as error:
        raise ValueError(f"'{path}' does not begin with a header in YAML: {error}") from error
    lines = [line for line in card.text.splitlines() if line.strip() and not line.startswith("#")]
    results = {
        f"{result.dataset_name} {result.metric_name}": float(result.metric_value)
        for result in card.data.eval_results or []
    }
    terms = card.data.get("license_name") or card.data.license or "see its source"
    return str(terms), lines[0] if lines else "", results
