"""Training learns, can be interrupted anywhere, and says what is wrong before it starts."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from itertools import islice, permutations
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.helpers.official_layouts import write_market1501
from tests.helpers.small_models import small_recipe
from tests.helpers.toy import COLOURS, draw_person
from textreid.errors import InputError, TextReIDError
from textreid.evaluate import evaluate
from textreid.evaluate.benchmark import Benchmark
from textreid.inference.encoder import Encoder
from textreid.recipe import (
    AugmentRecipe,
    DataRecipe,
    NoiseRecipe,
    OptimizerRecipe,
    Phase,
    Recipe,
    SamplerRecipe,
)
from textreid.training import train as training
from textreid.training.from_recipe import train
from textreid.training.progress import StepReport

PEOPLE = 20
FROZEN = ("text_tower.embeddings", "text_tower.encoder.layer.0")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CUHK-PEDES with people of two plain colours: 20 to learn from, the same and others to find."""
    root = tmp_path_factory.mktemp("data")
    folder = root / "CUHK-PEDES"
    (folder / "imgs").mkdir(parents=True)
    rows = []
    for person, (upper, lower) in enumerate(islice(permutations(COLOURS, 2), 0, 3 * PEOPLE, 2)):
        for shot in range(2):
            name = f"{person:02}_{shot}.png"
            draw_person(upper, lower, (30 + shot, 70)).save(folder / "imgs" / name)
            captions = [
                f"a {upper} shirt and {lower} trousers",
                f"somebody in {lower} trousers, {upper} shirt",
            ]
            split = "train" if person < PEOPLE else "val"
            rows.append({"split": split, "captions": captions, "file_path": name, "id": person})
    (folder / "reid_raw.json").write_text(json.dumps(rows))
    return root


@pytest.fixture
def recipe(root: Path) -> Recipe:
    return Recipe(
        model=small_recipe(),
        data=(DataRecipe("cuhk-pedes", root=str(root)),),
        sampler=SamplerRecipe(identities=10, images=2),
        augment=AugmentRecipe(pad=2, erase=0.1),
        loss={"sdm": {"temperature": 0.1}, "identification": {}, "triplet": {}},
        phases=(
            Phase(epochs=2, image_size=(64, 32), image_rate=3e-3, text_rate=3e-3, head_rate=3e-3, warmup=1),
        ),
        workers=0,
    )


def epochs(recipe: Recipe, number: int) -> Recipe:
    return replace(recipe, phases=(replace(recipe.phases[0], epochs=number),))


def rank_1(model: Path, root: Path, split: str = "train") -> float:
    benchmark = Benchmark.read("cuhk-pedes", root, split)
    return evaluate(Encoder.load(model, device="cpu"), benchmark).directions["text_to_image"].percent["R1"]


class TestLearning:
    def test_overfits_twenty_people(self, recipe: Recipe, root: Path, tmp_path: Path) -> None:
        assert rank_1(train(epochs(recipe, 30), tmp_path), root) > 95

    def test_frozen_layers_stay(self, recipe: Recipe, tmp_path: Path) -> None:
        frozen = replace(recipe, model=replace(recipe.model, text_layers=2, frozen=FROZEN))
        before, after = (
            load_file(train(epochs(frozen, number), tmp_path / str(number)) / "model.safetensors")
            for number in (1, 3)
        )
        still = {name for name in before if torch.equal(before[name], after[name])}
        weights = {name for name in before if name.startswith("text_tower.")}
        assert still & weights == {name for name in weights if name.startswith(FROZEN)}


class TestResuming:
    @pytest.fixture
    def two_phases(self, recipe: Recipe) -> Recipe:
        first = recipe.phases[0]
        return replace(recipe, phases=(first, replace(first, epochs=1, image_size=(96, 48))))

    @pytest.fixture
    def whole(self, two_phases: Recipe, tmp_path: Path) -> dict[str, torch.Tensor]:
        return load_file(train(two_phases, tmp_path / "whole") / "model.safetensors")

    def test_interrupted_anywhere_it_ends_with_the_same_weights(
        self,
        two_phases: Recipe,
        whole: dict[str, torch.Tensor],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Killed after 1 step, in the second epoch and in the second phase; then with another worker."""
        monkeypatch.setattr(training, "STATE_SECONDS", -1)  # keep the state after every step
        for steps in (1, 2, 2):
            with pytest.raises(KeyboardInterrupt):
                train(two_phases, tmp_path / "parts", report=stop_after(steps))
        resumed = load_file(train(replace(two_phases, workers=1), tmp_path / "parts") / "model.safetensors")
        assert all(torch.equal(whole[name], resumed[name]) for name in whole)

    def test_steps_since_the_last_state_are_done_again(
        self, two_phases: Recipe, whole: dict[str, torch.Tensor], tmp_path: Path
    ) -> None:
        with pytest.raises(KeyboardInterrupt):
            train(two_phases, tmp_path / "parts", report=stop_after(3))
        resumed = load_file(train(two_phases, tmp_path / "parts") / "model.safetensors")
        assert all(torch.equal(whole[name], resumed[name]) for name in whole)

    def test_killed_in_the_middle_of_an_epoch(self, recipe: Recipe, tmp_path: Path) -> None:
        """SIGKILL, with everything that has a state: dropout, an average, gradients added up, look-alikes."""
        full = replace(
            recipe,
            model=replace(recipe.model, text_dropout=0.2),
            sampler=SamplerRecipe(identities=4, images=2, hard_neighbours=1),
            average=0.9,
            accumulate=2,
        )
        whole = load_file(train(full, tmp_path / "whole") / "model.safetensors")
        killed = multiprocessing.get_context("spawn").Process(
            target=train_until_killed, args=(full, tmp_path / "parts", 4, torch.get_num_threads())
        )
        killed.start()
        killed.join(400)
        assert killed.exitcode == -signal.SIGKILL
        state = torch.load(tmp_path / "parts" / "state.pt", weights_only=True)
        assert (state["progress"]["epoch"], state["progress"]["batch"]) == (0, 2)
        resumed = load_file(train(full, tmp_path / "parts") / "model.safetensors")
        assert all(torch.equal(whole[name], resumed[name]) for name in whole)

    def test_finished_run_does_nothing_more(self, recipe: Recipe, tmp_path: Path) -> None:
        model = train(recipe, tmp_path)
        before = (model / "model.safetensors").stat().st_mtime_ns
        assert train(recipe, tmp_path, report=stop_after(1)) == model
        assert (model / "model.safetensors").stat().st_mtime_ns == before

    def test_other_settings_are_refused(self, recipe: Recipe, tmp_path: Path) -> None:
        train(epochs(recipe, 1), tmp_path)
        with pytest.raises(InputError, match="another optimizer: choose another --out"):
            train(replace(epochs(recipe, 1), optimizer=OptimizerRecipe(clip=1.0)), tmp_path)


def train_until_killed(recipe: Recipe, out: Path, steps: int, threads: int) -> None:
    """Kill this process after so many steps, its state kept whenever it can be.

    Sums come out alike only with as many threads as the process that it is compared with.
    """
    training.STATE_SECONDS = -1
    seen: list[StepReport] = []

    def report(step: StepReport) -> None:
        seen.append(step)
        if len(seen) == steps:
            os.kill(os.getpid(), signal.SIGKILL)

    torch.set_num_threads(threads)
    train(recipe, out, report=report)


def stop_after(steps: int) -> Callable[[StepReport], None]:
    """A report that interrupts, as Ctrl+C would, after so many steps."""
    seen: list[StepReport] = []

    def report(step: StepReport) -> None:
        seen.append(step)
        if len(seen) == steps:
            raise KeyboardInterrupt

    return report


class TestNoise:
    def test_believes_all_pairs_until_the_warm_up_is_over(self, recipe: Recipe, tmp_path: Path) -> None:
        """After it some pairs are not trusted; a run interrupted then ends with the same weights."""
        noisy = replace(
            epochs(recipe, 3), sampler=SamplerRecipe(identities=5, images=2), noise=NoiseRecipe(warmup=2)
        )
        warming = train(epochs(noisy, 2), tmp_path / "warming")
        believing = train(replace(epochs(noisy, 2), noise=None), tmp_path / "believing")
        assert same_weights(warming, believing)
        said: list[str] = []
        whole = train(noisy, tmp_path / "whole", say=said.append)
        state = torch.load(tmp_path / "whole" / "state.pt", weights_only=True)
        trust = np.array(state["progress"]["trust"])
        assert trust.shape == (2 * PEOPLE, 2)
        assert set(trust.flat) == {0, 1}
        assert f"epoch 3: {trust.mean():.0%} of the pairs are believed" in said
        rows = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
        assert [row["believed"] for row in rows if "believed" in row] == [trust.mean()]
        assert not same_weights(whole, train(replace(noisy, noise=None), tmp_path / "trusting"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(training, "STATE_SECONDS", -1)
            with pytest.raises(KeyboardInterrupt):
                train(noisy, tmp_path / "parts", report=stop_after(10))  # of 4 + 4 + 4 steps
        assert same_weights(whole, train(noisy, tmp_path / "parts"))


def same_weights(model: Path, other: Path) -> bool:
    one, two = load_file(model / "model.safetensors"), load_file(other / "model.safetensors")
    return all(torch.equal(one[name], two[name]) for name in one)


class TestRunFolder:
    def test_holds_what_the_documentation_says(self, recipe: Recipe, root: Path, tmp_path: Path) -> None:
        said: list[str] = []
        validated = replace(epochs(recipe, 4), val=(DataRecipe("cuhk-pedes", root=str(root), split="val"),))
        model = train(validated, tmp_path / "run", say=said.append)
        assert model == tmp_path / "run" / "model"
        names = {path.name for path in (tmp_path / "run").iterdir()}
        assert names == {
            "best.json",
            "curves.png",
            "log.jsonl",
            "model",
            "recipe.json",
            "state.pt",
            "tensorboard",
        }
        rows = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
        measured = [row["val"]["R1"] for row in rows if "val" in row]
        assert len(measured) == len(said) == 4
        assert said[-1].startswith(f"epoch 4: cuhk-pedes val R@1 {measured[-1]:.2f}, mAP ")
        assert rank_1(model, root, "val") == pytest.approx(max(measured), abs=100 / (2 * PEOPLE))

    def test_attributes_are_measured_too(self, recipe: Recipe, root: Path, tmp_path: Path) -> None:
        said: list[str] = []
        people, others = (
            DataRecipe("cuhk-pedes", root=str(root), split=split, attributes="captions")
            for split in ("train", "val")
        )
        losses = {"attributes": {}, "identification": {}}
        train(
            replace(epochs(recipe, 12), data=(people,), val=(people, others), loss=losses),
            tmp_path,
            say=said.append,
        )
        rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
        first, *_, last = [row["val"] for row in rows if "val" in row]
        assert {"mean_accuracy", "accuracy", "f1"} <= first.keys()
        assert last["mean_accuracy"] > first["mean_accuracy"] + 10
        assert all("mean_accuracy" in row["also"]["cuhk-pedes val"] for row in rows if "val" in row)
        assert f"attributes mA {last['mean_accuracy']:.2f}" in said[-1]

    def test_reports_every_step(self, recipe: Recipe, tmp_path: Path) -> None:
        reports: list[StepReport] = []
        train(recipe, tmp_path, report=reports.append)
        assert [(report.epoch, report.step) for report in reports] == [(0, 1), (0, 2), (1, 1), (1, 2)]
        assert {(report.steps, report.epochs) for report in reports} == {(2, 2)}
        assert all(report.rate > 0 for report in reports)

    def test_model_sees_the_resolution_of_the_last_phase(self, recipe: Recipe, tmp_path: Path) -> None:
        first = replace(recipe.phases[0], epochs=1)
        grown = replace(recipe, phases=(first, replace(first, image_size=(96, 48))))
        model = train(grown, tmp_path)
        assert json.loads((model / "config.json").read_text())["image_size"] == [96, 48]
        size = json.loads((model / "processor_config.json").read_text())["image_processor"]["size"]
        assert size == {"height": 96, "width": 48}

    def test_same_seed_same_weights(self, recipe: Recipe, tmp_path: Path) -> None:
        one, two, other = (
            load_file(train(epochs(replace(recipe, seed=seed), 1), tmp_path / name) / "model.safetensors")
            for seed, name in ((0, "one"), (0, "two"), (1, "other"))
        )
        assert all(torch.equal(one[name], two[name]) for name in one)
        assert not torch.equal(one["image_projection.weight"], other["image_projection.weight"])

    def test_half_precision_text_learns_too(
        self, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("textreid.training.precision.cpu_has_bf16", lambda: True)  # slow is right as well
        full, half = (
            Encoder.load(train(replace(recipe, precision=precision), tmp_path / precision), device="cpu")
            for precision in ("fp32", "bf16")
        )
        texts = ["a red shirt and blue trousers"]
        cosine = np.sum(full.encode_texts(texts) * half.encode_texts(texts))
        assert 0.9 < cosine < 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"loss": {}}, r"needs a \[loss\.NAME\] table"),
            ({"phases": ()}, r"a \[\[phases\]\] table or more"),
            ({"data": ()}, r"names no data: give it a \[\[data\]\] table"),
            ({"data": (DataRecipe("cuhk-pedes"),)}, "Say where cuhk-pedes lies: --root DIR"),
            ({"data": (DataRecipe("cuhk-pedse", root="x"),)}, "Did you mean 'cuhk-pedes'"),
            ({"data": (DataRecipe("cuhk-pedes", root="no/where"),)}, "No CUHK-PEDES data at 'no/where'"),
            ({"loss": {"sdn": {}}}, "no loss called 'sdn'"),
            ({"val": (DataRecipe("cuhk-pedes"),)}, "Say where cuhk-pedes lies"),
            ({"sampler": SamplerRecipe(identities=64)}, r"only 20: --set sampler\.identities=20"),
        ],
    )
    def test_says_what_to_do(
        self, recipe: Recipe, tmp_path: Path, change: dict[str, object], message: str
    ) -> None:
        with pytest.raises(TextReIDError, match=message):
            train(replace(recipe, **change), tmp_path)  # type: ignore[arg-type]
        assert not (tmp_path / "model").exists()

    def test_data_without_captions(self, recipe: Recipe, tmp_path: Path) -> None:
        write_market1501(tmp_path, query=["0001_c1"], gallery=["0001_c2"])
        market = DataRecipe("market1501", root=str(tmp_path), split="query")
        with pytest.raises(InputError, match="No image has a caption"):
            train(replace(recipe, data=(market,)), tmp_path / "run")

    def test_loss_that_is_not_finite_stops_the_run(self, recipe: Recipe, tmp_path: Path) -> None:
        steep = replace(recipe, loss={"sdm": {"temperature": 1e-45}})
        with pytest.raises(InputError, match="The loss is not finite"):
            train(steep, tmp_path)


def test_synthetic_people_are_drawn_once_a_run(recipe: Recipe, tmp_path: Path) -> None:
    drawn = DataRecipe("synthetic", identities=14, images=2)
    small = replace(
        epochs(recipe, 1), data=(drawn,), sampler=SamplerRecipe(4, 2), val=(replace(drawn, split="val"),)
    )
    train(small, tmp_path)
    folder = tmp_path / "data" / "synthetic-14x2-0" / "CUHK-PEDES"
    before = (folder / "reid_raw.json").stat().st_mtime_ns
    train(small, tmp_path)
    assert (folder / "reid_raw.json").stat().st_mtime_ns == before
