"""Any stage, also one that nobody knew: on one process and two, ended and resumed, leaving the rest alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.helpers.finished_run import IMAGE_TASK, LOCKED, TEXT_TASK, FinishedRun
from tests.helpers.recorder import Interrupt, after
from textreid.data.image_augment import AS_SEARCHED
from textreid.errors import UnknownNameError
from textreid.models.matchers import cross_attention
from textreid.recipe import OptimizerRecipe, Recipe
from textreid.training import stages
from textreid.training.from_recipe import train

ROOT = Path(__file__).parents[2]
NUDGE = """
from dataclasses import dataclass

import torch

from textreid.training import Schedule, StageConfig, Task, fit
from textreid.training.distributed import own_rows
from textreid.types import LossReport


@dataclass(frozen=True)
class Config(StageConfig):
    target: float = 0.1


class Nudge(Task):
    title = "nudge"

    def __init__(self, model, target):
        super().__init__()
        self.model, self.target = model, target

    def open_epoch(self, epoch, first):
        return 4, ((2, torch.tensor([batch + row for row in own_rows(2)])) for batch in range(first, 4))

    def forward(self, rows):
        distance = self.model.image_projection.weight - self.target * rows[:, None, None]
        return LossReport(distance.square().mean(), {"nudge": distance.square().mean().detach()})


def run(run, options):
    model, processor = run.load_model()
    run.keep_model(fit(run, Nudge(model, options.target), Schedule(3, head_rate=0.1)), processor)
"""
FIXED = {"views": 1, "identity_share": 0.0, "candidates": 1, "negatives": 1}
"""Nothing of a locked stage is drawn, so that two processes can be compared with one."""
STAGES: dict[str, dict[str, Any]] = {
    "nudge": {"name": "nudge", "target": 0.2},
    "images": LOCKED | IMAGE_TASK | FIXED,
    "texts": LOCKED | TEXT_TASK | FIXED | {"epochs": 1},
    "hubness": {"name": "hubness", "nearest": 4},
    "dcgan": {"name": "dcgan", "epochs": 2, "batch": 8, "image_size": [32, 16], "width": 4, "samples": 3},
}
LEARN = {
    "nudge": {"image_projection"},
    "images": {"image_tower", "image_projection", "branches"},
    "texts": {"text_tower", "text_projection", "branches", "matcher"},
    "hubness": {"hubs"},
    "dcgan": set(),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a stage in it."""
    folder = tmp_path_factory.mktemp("stages")
    (folder / "nudge.py").write_text(NUDGE)
    return folder


@pytest.fixture(scope="module", autouse=True)
def _known(folder: Path) -> Any:
    """This process knows the folder, as `TEXTREID_STAGES` tells it to others."""
    stages.__path__.append(str(folder))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cross_attention, "DROPOUT", 0.0)  # as in `tests.helpers.stage_worker`
        yield
    stages.__path__.remove(str(folder))
    sys.modules.pop("textreid.training.stages.nudge", None)


@pytest.fixture(scope="module")
def recipe_of(finished: FinishedRun) -> Callable[[str], Recipe]:
    """The recipe of one stage by itself, which goes on from a trained model."""
    base = replace(
        finished.recipe,
        model=replace(finished.recipe.model, init=str(finished.out / "model")),
        val=(),
        augment=AS_SEARCHED,
        optimizer=OptimizerRecipe("sgd"),
    )
    return lambda name: replace(base, stages=(STAGES[name],))


@pytest.fixture(scope="module")
def runs(finished: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a run by its name, with the data in it."""
    root = tmp_path_factory.mktemp("runs")

    def folder_of(name: str) -> Path:
        return root / name if (root / name).exists() else finished.share_data(root / name)

    return folder_of


@pytest.fixture(scope="module")
def whole(
    recipe_of: Callable[[str], Recipe], runs: Callable[[str], Path]
) -> dict[str, dict[str, torch.Tensor]]:
    """The weights that each stage gives on one process."""
    return {name: weights(train(recipe_of(name), runs(name))) for name in STAGES}


def weights(model: Path) -> dict[str, torch.Tensor]:
    return load_file(model / "model.safetensors")


def launch(folder: Path, work: Path, processes: int, *jobs: str) -> subprocess.CompletedProcess[str]:
    """Train in processes of their own; see `tests.helpers.stage_worker`."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    script = ROOT / "tests" / "helpers" / "stage_worker.py"
    paths = [str(ROOT), str(ROOT / "index"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(paths),
        "TEXTREID_STAGES": str(folder),
    }
    command = [*launcher, str(processes), str(script)] if processes > 1 else [sys.executable, str(script)]
    return subprocess.run(
        [*command, str(work), *jobs],
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


class TestContract:
    @pytest.mark.parametrize("name", STAGES)
    def test_other_weights_are_left_alone(
        self, finished: FinishedRun, whole: dict[str, dict[str, torch.Tensor]], name: str
    ) -> None:
        before, after = weights(finished.out / "model"), whole[name]
        before["hubs"] = torch.zeros_like(before["hubs"])  # training begins without any
        changed = {part.partition(".")[0] for part in after if not torch.equal(before[part], after[part])}
        assert changed == LEARN[name]

    @pytest.mark.parametrize("name", ["nudge", "images", "texts", "dcgan"])
    def test_an_interrupted_stage_ends_with_the_same_bits(
        self,
        recipe_of: Callable[[str], Recipe],
        runs: Callable[[str], Path],
        whole: dict[str, dict[str, torch.Tensor]],
        monkeypatch: pytest.MonkeyPatch,
        name: str,
    ) -> None:
        monkeypatch.setattr("textreid.training.loop.STATE_SECONDS", -1)
        out = runs(f"{name}-interrupted")
        with pytest.raises(KeyboardInterrupt):
            train(recipe_of(name), out, reporter=Interrupt(after(5)))
        resumed = weights(train(recipe_of(name), out))
        assert all(torch.equal(whole[name][part], resumed[part]) for part in resumed)

    @pytest.mark.parametrize("name", ["nudge", "images", "texts"])
    def test_two_processes_learn_what_one_does(
        self, two: Path, whole: dict[str, dict[str, torch.Tensor]], name: str
    ) -> None:
        for part, weight in weights(two / f"{name}-two" / "model").items():
            torch.testing.assert_close(
                weight, whole[name][part], rtol=2e-3, atol=2e-4, msg=lambda m, p=part: f"{p}: {m}"
            )


@pytest.fixture(scope="module")
def two(folder: Path, recipe_of: Callable[[str], Recipe], runs: Callable[[str], Path]) -> Path:
    """What two processes leave: whole runs, and one whose first process was killed in its sixth step."""
    names = ["nudge", "images", "texts"]
    for name in names:
        out = runs(f"{name}-two")
        (out.parent / f"{name}.json").write_text(json.dumps(asdict(recipe_of(name))))
    out = runs("nudge-two-killed")
    done = launch(
        folder, out.parent, 2, *(f"{name}:{name}-two" for name in names), "nudge:nudge-two-killed:6"
    )
    assert done.returncode != 0
    assert "SIGKILL" in done.stderr, done.stderr[-3000:]
    return out.parent


class TestStageOfATemporaryFolder:
    def test_killed_on_one_process_it_ends_with_the_same_bits(
        self,
        folder: Path,
        recipe_of: Callable[[str], Recipe],
        runs: Callable[[str], Path],
        whole: dict[str, dict[str, torch.Tensor]],
    ) -> None:
        out = runs("nudge-killed")
        (out.parent / "nudge.json").write_text(json.dumps(asdict(recipe_of("nudge"))))
        done = launch(folder, out.parent, 1, "nudge:nudge-killed:6")
        assert done.returncode == -9, done.stderr[-3000:]
        self.assert_in_the_middle(out)
        resumed = weights(train(recipe_of("nudge"), out))
        assert all(torch.equal(whole["nudge"][part], resumed[part]) for part in resumed)

    def test_killed_on_two_processes_it_ends_with_the_same_bits(self, two: Path, folder: Path) -> None:
        out = two / "nudge-two-killed"
        self.assert_in_the_middle(out)
        done = launch(folder, two, 2, "nudge:nudge-two-killed")
        assert done.returncode == 0, done.stderr[-3000:]
        whole, resumed = weights(two / "nudge-two" / "model"), weights(out / "model")
        assert all(torch.equal(whole[part], resumed[part]) for part in whole)

    @staticmethod
    def assert_in_the_middle(out: Path) -> None:
        state = torch.load(out / "state.pt", weights_only=True)["run"]
        assert (state["name"], state["epoch"], state["batch"], state["finished"]) == ("nudge", 1, 1, False)

    def test_its_options_are_checked(self, recipe_of: Callable[[str], Recipe], tmp_path: Path) -> None:
        recipe = replace(recipe_of("nudge"), stages=({"name": "nudge", "targets": 1.0},))
        with pytest.raises(
            UnknownNameError, match=r"no key in stages\[0\] called 'targets'. Did you mean 'target'"
        ):
            train(recipe, tmp_path)

    def test_no_other_file_knows_it(self) -> None:
        for room in ("textreid", "index", "demo", "configs"):
            for path in (ROOT / room).rglob("*.*"):
                if path.suffix in (".py", ".toml"):
                    assert "nudge" not in path.read_text(encoding="utf-8"), path
