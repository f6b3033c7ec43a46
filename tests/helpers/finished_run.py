"""A whole run of all stages that come with textreid, and what it told."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from tests.helpers.recorder import Recorder
from tests.helpers.small_models import phase, short_run, small_recipe
from textreid.recipe import Recipe
from textreid.training.from_recipe import train
from textreid.training.progress import StepReport

IMAGE_TASK = {"frozen": "text", "epochs": 2, "image_rate": 1e-3}
TEXT_TASK = {"frozen": "image", "epochs": 3, "text_rate": 1e-3, "candidates": 20, "negatives": 3}
LOCKED = {"name": "locked", "batch": 16, "head_rate": 3e-3}


@dataclass(frozen=True)
class FinishedRun:
    """A run that is over.

    Attributes:
        recipe: what it did.
        out: its folder.
        reporter: what it told.
        before: title of a stage -> the model as it was when the stage began.
    """

    recipe: Recipe
    out: Path
    reporter: Recorder
    before: dict[str, Path]

    def share_data(self, out: Path) -> Path:
        """Give another run the people that were drawn for this one; its folder."""
        shutil.copytree(self.out / "data", out / "data")
        return out


class Snapshots(Recorder):
    """Copies the model whenever another stage begins."""

    def __init__(self, out: Path, to: Path) -> None:
        super().__init__()
        self.out, self.to = out, to
        self.before: dict[str, Path] = {}

    def step(self, report: StepReport) -> None:
        super().step(report)
        if report.title not in self.before and (self.out / "model").is_dir():
            self.before[report.title] = self.to / str(len(self.before))
            shutil.copytree(self.out / "model", self.before[report.title])


def recipe_of_all_stages() -> Recipe:
    """Two phases, both locked stages and hubness, with a matcher, a branch and a moving average."""
    model = small_recipe(
        matcher={"width": 16, "heads": 2, "weight": 0.1}, branches={"stripes": {"dim": 8, "count": 2}}
    )
    phases = (phase(), phase(image_size=[96, 48]))
    locked = (LOCKED | IMAGE_TASK, LOCKED | TEXT_TASK)
    stages = (*phases, *locked, {"name": "hubness", "nearest": 4})
    return replace(short_run(model), stages=stages, average=0.9)


def finish(recipe: Recipe, out: Path, before: Path) -> FinishedRun:
    """Train.

    Args:
        recipe: what to do.
        out: folder of the run.
        before: folder of the models as they were when each stage began.
    """
    reporter = Snapshots(out, before)
    train(recipe, out, reporter=reporter)
    return FinishedRun(recipe, out, reporter, reporter.before)
