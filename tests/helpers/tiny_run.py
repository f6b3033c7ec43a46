"""Training runs of a second, also of stages that only their own files know, and all that they end with."""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice, permutations
from pathlib import Path
from typing import Any

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor

from tests.helpers.faults.killing import digest_of
from tests.helpers.small_models import phase, short_run, small_recipe
from tests.helpers.toy import COLOURS, draw_person
from textreid.recipe import DataRecipe, NoiseRecipe, Recipe, SamplerRecipe
from textreid.training import loop, stages
from textreid.training.from_recipe import train
from textreid.training.multi_seed import train_seeds

PEOPLE, OTHERS = 6, 3
STEER = '''
"""Steers a projection to twice what it was, and keeps the model after every epoch."""

from dataclasses import dataclass

from textreid.training import Schedule, StageConfig, Task, fit
from textreid.types import LossReport


@dataclass(frozen=True)
class Config(StageConfig):
    epochs: int = 2


class Steer(Task):
    title = "steering"

    def __init__(self, run, model, processor):
        super().__init__()
        self.run, self.model, self.processor = run, model, processor
        self.target = 2 * model.image_projection.weight.detach().clone()

    def open_epoch(self, epoch, first):
        return 2, ((1, None) for _ in range(first, 2))

    def forward(self, inputs):
        distance = (self.model.image_projection.weight - self.target).square().mean()
        return LossReport(distance, {"distance": distance.detach()})

    def finish_epoch(self, epoch):
        self.run.keep_model(self.run.model, self.processor)


def run(run, options):
    task = Steer(run, *run.load_model())
    fit(run, task, Schedule(options.epochs, head_rate=0.1))
'''
DOUBLE = '''
"""Doubles a projection, without the training loop."""

from dataclasses import dataclass

from textreid.training import StageConfig


@dataclass(frozen=True)
class Config(StageConfig):
    pass


def run(run, options):
    model, processor = run.load_model()
    model.image_projection.weight.data *= 2
    run.keep_model(model, processor)
'''
LOCKED = {"name": "locked", "epochs": 1, "batch": 8, "candidates": 4, "negatives": 2, "views": 1}
DRAWN = {"name": "dcgan", "epochs": 2, "batch": 6, "image_size": [32, 16], "width": 4, "samples": 3}
BY_STAGE: dict[str, list[dict[str, Any]]] = {
    "phase": [phase(epochs=2), phase(image_size=[96, 48])],
    "locked": [phase(), LOCKED | {"frozen": "text"}, LOCKED | {"frozen": "image"}],
    "hubness": [phase(), {"name": "hubness", "nearest": 2}],
    "dcgan": [phase(), DRAWN],
    "adda": [phase(), {"name": "adda", "epochs": 2, "batch": 4, "hidden": 8}],
    "pul": [phase(), {"name": "pul", "rounds": 2, "passes": 1, "clusters": 3, "sure": -1, "batch": 4}],
    "cluster_contrast": [
        phase(),
        {"name": "cluster_contrast", "epochs": 2, "identities": 2, "images": 2, "least": 2, "neighbours": 2},
    ],
    "domain_dropout": [phase(), phase(epochs=2) | {"name": "domain_dropout", "images": 8}],
    "steer": [phase(), {"name": "steer"}],
    "double": [{"name": "double"}, {"name": "steer", "epochs": 1}, {"name": "double"}],
}
"""Name of a stage -> the stages of a recipe that shows whether it can be ended anywhere."""


UNNAMED, OF_TWO = {"adda", "pul", "cluster_contrast"}, {"domain_dropout"}
"""Stages that look at images alone: with a second data set whose people nobody has named, or has."""


def write_people(root: Path) -> None:
    """Official CUHK-PEDES of people in two plain colours: some to learn from, others to find."""
    folder = root / "CUHK-PEDES"
    (folder / "imgs").mkdir(parents=True)
    rows = []
    for person, (upper, lower) in enumerate(islice(permutations(COLOURS, 2), PEOPLE + OTHERS)):
        for shot in range(2):
            name = f"{person:02}_{shot}.png"
            draw_person(upper, lower, (30 + shot, 70)).save(folder / "imgs" / name)
            captions = [f"a {upper} shirt and {lower} trousers"]
            split = "train" if person < PEOPLE else "val"
            rows.append({"split": split, "captions": captions, "file_path": name, "id": person})
    (folder / "reid_raw.json").write_text(json.dumps(rows))


def tiny_recipe(root: Path, tables: Sequence[dict[str, Any]]) -> Recipe:
    """A recipe of these stages, with everything that has a state.

    Args:
        root: see `write_people`.
        tables: of the stages.
    """
    data = DataRecipe("cuhk-pedes", root=str(root))
    names = {table["name"] for table in tables}
    if names & (UNNAMED | OF_TWO):
        return replace(
            short_run(small_recipe(reads_text=False)),
            data=(data, replace(data, labels=not names & UNNAMED)),
            val=(),
            sampler=SamplerRecipe(identities=3, images=2),
            loss={"identification": {"neck": False}},
            save_epochs=True,
            stages=tuple(tables),
        )
    return replace(
        short_run(small_recipe(matcher={"width": 8, "heads": 1, "weight": 0.1}, text_dropout=0.1)),
        data=(data,),
        val=(replace(data, split="val"),),
        sampler=SamplerRecipe(identities=3, images=2, hard_neighbours=1),
        noise=NoiseRecipe(warmup=1),
        average=0.9,
        accumulate=2,
        save_epochs=True,
        stages=tuple(tables),
    )


def train_tiny(root: Path, tables: Sequence[dict[str, Any]], place: Path) -> None:
    """Train in `place / "run"`, on one thread; the state is saved whenever it can be."""
    _prepare(root)
    train(tiny_recipe(root, tables), place / "run")


def train_two_seeds(root: Path, tables: Sequence[dict[str, Any]], place: Path) -> None:
    """As `train_tiny`, with two seeds."""
    _prepare(root)
    train_seeds(tiny_recipe(root, tables), place / "runs", 2)


def _prepare(root: Path) -> None:
    torch.set_num_threads(1)
    gc.freeze()  # what was imported needs no look by the collections that end each stage
    own = root / "stages"
    if str(own) not in stages.__path__:
        own.mkdir(exist_ok=True)
        (own / "steer.py").write_text(STEER)
        (own / "double.py").write_text(DOUBLE)
        stages.__path__.append(str(own))
    loop.STATE_SECONDS, loop.LOG_STEPS = -1, 1


def go_on(root: Path, tables: Sequence[dict[str, Any]], place: Path) -> dict[str, Any]:
    """Give the same command again; what the run then ends with."""
    train_tiny(root, tables, place)
    return results(place / "run")


def go_on_with_two_seeds(root: Path, tables: Sequence[dict[str, Any]], place: Path) -> dict[str, Any]:
    """As `go_on`, with two seeds."""
    train_two_seeds(root, tables, place)
    found = {path.name: results(path) for path in (place / "runs").glob("seed-*")}
    return found | {"summary": (place / "runs" / "summary.json").read_bytes()}


def results(run: Path) -> dict[str, Any]:
    """All that a run ends with, but for how fast it was."""
    lines = (run / "log.jsonl").read_text().splitlines() if (run / "log.jsonl").exists() else []
    log = [json.loads(line) for line in lines]
    for row in log:
        row.pop("images_per_second", None)
    files = ("best.json", "curves.png", "recipe.json")
    return {
        "names": sorted(path.name for path in run.iterdir()),
        "log": log,
        "events": _events(run / "tensorboard"),
        "state": _plain(torch.load(run / "state.pt", weights_only=True)),
        **{name: (run / name).read_bytes() for name in files if (run / name).exists()},
        **{name: digest_of(run / name) for name in ("model", "epochs", "samples") if (run / name).exists()},
    }


def _events(folder: Path) -> list[tuple[str, int, float]]:
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0}, purge_orphaned_data=False)
    events.Reload()
    tags = [tag for tag in events.Tags()["scalars"] if tag != "images_per_second"]
    return sorted((tag, event.step, event.value) for tag in tags for event in events.Scalars(tag))


def _plain(value: Any) -> Any:
    """The same with digests for tensors, so that it can be compared."""
    if isinstance(value, Tensor):
        return hashlib.sha256(value.contiguous().view(-1).view(torch.uint8).numpy().tobytes()).hexdigest()
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
