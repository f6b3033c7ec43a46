"""The layout of the folder of a training run, which no other module spells out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textreid.errors import InputError
from textreid.io.plain_data import read_json
from textreid.io.typed_path import typed_path
from textreid_index.whole_folder import recover, whole_file

MODEL, RECIPE = "model", "recipe.json"


@dataclass(frozen=True)
class RunFolder:
    """The parts of a run's folder.

    Attributes:
        path: the folder; it may not exist yet.
    """

    path: Path

    @classmethod
    def at(cls, path: str | Path) -> RunFolder:
        """The folder as a user names it, with "~" for their home."""
        return cls(typed_path(path))

    @classmethod
    def of_model(cls, model: str | Path) -> RunFolder:
        """The folder that a model's folder would lie in, were it the model of a run."""
        return cls(typed_path(model).parent)

    @property
    def recipe(self) -> Path:
        """Every setting of the run, as JSON."""
        return self.path / RECIPE

    @property
    def state(self) -> Path:
        """What it takes to go on."""
        return self.path / "state.pt"

    @property
    def lock(self) -> Path:
        """Locked by the process that trains here, which it names."""
        return self.path / ".lock"

    @property
    def log(self) -> Path:
        """A JSON object a line: losses, validations."""
        return self.path / "log.jsonl"

    @property
    def best(self) -> Path:
        """The chosen epoch and what was measured of it, as JSON."""
        return self.path / "best.json"

    @property
    def model(self) -> Path:
        """The folder of the trained model."""
        return self.path / MODEL

    @property
    def curves(self) -> Path:
        """Losses and validations as a PNG."""
        return self.path / "curves.png"

    @property
    def events(self) -> Path:
        """The folder of TensorBoard's event files."""
        return self.path / "tensorboard"

    @property
    def samples(self) -> Path:
        """The folder of the crops that a generator drew, in the layout of one's own data."""
        return self.path / "samples"

    @property
    def sample_sheet(self) -> Path:
        """Some of them, as a PNG."""
        return self.path / "samples.png"

    @property
    def summary(self) -> Path:
        """Of a recipe trained with several seeds: means and intervals, as JSON."""
        return self.path / "summary.json"

    def stage(self, name: str, number: int) -> Path:
        """The folder of a stage under way, by its name and its number among the stages of that name."""
        return self.path / f"{name}-{number}"

    def kept(self, number: int) -> Path:
        """The folder of a model before the state speaks of it, or as long as a stage needs it."""
        return self.path / f".model-{number}"

    def all_kept(self) -> list[Path]:
        """The folders of all such models, also those that a kill left half written."""
        return list(self.path.glob(".*model-*"))

    def epoch(self, number: int) -> Path:
        """The folder of the model after so many epochs."""
        return self.path / "epochs" / str(number)

    def seed(self, number: int) -> RunFolder:
        """The run with this seed, of a recipe trained with several."""
        return RunFolder(self.path / f"seed-{number}")

    def epochs(self) -> Iterator[tuple[int, Path]]:
        """The epochs whose models were stored, in order, with their folders."""
        folders = [path for path in (self.path / "epochs").glob("*") if path.name.isdigit()]
        yield from sorted((int(path.name), path) for path in folders)

    def is_run(self) -> bool:
        """Whether a run has trained here, and has a model."""
        recover(self.model)
        return self.log.is_file() and self.model.is_dir()

    def read_best(self) -> dict[str, Any]:
        """What `best` says; empty where nothing was measured.

        Raises:
            InputError: it cannot be read, or is no JSON object.
        """
        if not self.best.is_file():
            return {}
        try:
            best = read_json(self.best)
        except InputError as error:
            raise InputError(f"{error}. Delete it, or write it as it was.") from error
        if not isinstance(best, dict):
            raise InputError(f"'{self.best}' is no JSON object. Delete it, or write it as it was.")
        return best

    def write_best(self, best: Mapping[str, Any]) -> None:
        """Let `best` say this; there is no such file where nothing was measured."""
        if best:
            write_json(self.best, best)
        else:
            self.best.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write JSON for people to read; a kill while writing leaves what was there before."""
    with whole_file(path) as file:
        file.write((json.dumps(content, indent=2) + "\n").encode())
