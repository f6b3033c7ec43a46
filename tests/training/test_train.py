"""Training learns, can be interrupted anywhere, and says what is wrong before it starts."""

from __future__ import annotations

import json
import multiprocessing
import signal
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, islice, permutations
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.helpers.finished_run import FinishedRun
from tests.helpers.official_layouts import write_market1501
from tests.helpers.recorder import Interrupt, Recorder, after
from tests.helpers.small_models import phase, small_recipe
from tests.helpers.toy import COLOURS, draw_person
from textreid.errors import InputError, TextReIDError
from textreid.evaluate import evaluate
from textreid.evaluate.benchmark import Benchmark
from textreid.inference.encoder import Encoder
from textreid.models.pretrained.joint import start_model
from textreid.recipe import AugmentRecipe, DataRecipe, NoiseRecipe, OptimizerRecipe, Recipe, SamplerRecipe
from textreid.training import loop
from textreid.training.from_recipe import train
from textreid.training.progress import Reporter, StepReport

PEOPLE = 20
STEPS = (("phase 1", 1, 2), ("phase 2", 1, 2), ("text tower frozen", 2, 3), ("image tower frozen", 3, 6))
"""Title, epochs and steps an epoch of the finished run's stages."""
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
        stages=(phase(epochs=2, warmup=1),),
        workers=0,
    )


def epochs(recipe: Recipe, number: int) -> Recipe:
    return replace(recipe, stages=({**recipe.stages[0], "epochs": number},))


def weights(model: Path) -> dict[str, torch.Tensor]:
    return load_file(model / "model.safetensors")


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)


def rank_1(model: Path, root: Path, split: str = "train") -> float:
    benchmark = Benchmark.read("cuhk-pedes", root, split)
    return evaluate(Encoder.load(model, device="cpu"), benchmark).directions["text_to_image"].percent["R1"]


class TestLearning:
    def test_overfits_twenty_people(self, recipe: Recipe, root: Path, tmp_path: Path) -> None:
        assert rank_1(train(epochs(recipe, 30), tmp_path), root) > 95

    def test_frozen_layers_stay_at_their_start(self, recipe: Recipe, tmp_path: Path) -> None:
        """In the whole run, and in a phase alone; the model has the image size of the last phase."""
        model = replace(recipe.model, text_layers=2, frozen=FROZEN)
        stages = (phase(frozen=["image_tower"]), phase(image_size=[96, 48]))
        torch.manual_seed(recipe.seed)
        captions = [row["captions"] for row in json.loads(self.rows(recipe)) if row["split"] == "train"]
        start, _ = start_model(model, (64, 32), list(chain(*captions)))
        before = {name: weight.half() for name, weight in start.state_dict().items()}
        reporter = Snapshots(tmp_path)
        after = weights(train(replace(recipe, model=model, stages=stages), tmp_path, reporter=reporter))
        stood = {name for name in after if torch.equal(before[name], after[name])}
        text = {name for name in after if name.startswith("text_tower.")}
        assert stood & text == {name for name in text if name.startswith(FROZEN)}
        image = {name for name in after if name.startswith("image_tower.")}
        assert all(torch.equal(before[name], reporter.second_begins[name]) for name in image)
        assert not all(torch.equal(before[name], after[name]) for name in image)
        folder = tmp_path / "model"
        assert json.loads((folder / "config.json").read_text())["image_size"] == [96, 48]
        size = json.loads((folder / "processor_config.json").read_text())["image_processor"]["size"]
        assert size == {"height": 96, "width": 48}

    @staticmethod
    def rows(recipe: Recipe) -> str:
        return (Path(recipe.data[0].root) / "CUHK-PEDES" / "reid_raw.json").read_text()


class Snapshots(Reporter):
    """The weights that the first phase has left, when the second begins."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.second_begins: dict[str, torch.Tensor] = {}

    def step(self, report: StepReport) -> None:
        if report.title == "phase 2" and not self.second_begins:
            self.second_begins = weights(self.out / "model")


class TestResuming:
    def test_ended_anywhere_it_ends_with_the_same_weights(
        self, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With everything that has a state: dropout, an average, gradients added up, hard neighbours, phases.

        First killed in the middle of an epoch, by SIGKILL in a process of its own; then interrupted in the
        second epoch, and in the second phase; and brought to its end with a worker.
        """
        full = replace(
            recipe,
            model=replace(recipe.model, text_dropout=0.2),
            sampler=SamplerRecipe(identities=4, images=2, hard_neighbours=1),
            stages=(phase(epochs=2), phase(image_size=[96, 48])),
            average=0.9,
            accumulate=2,
        )
        whole = weights(train(full, tmp_path / "whole"))
        killed = multiprocessing.get_context("spawn").Process(
            target=train_until_killed, args=(full, tmp_path / "parts", 4, torch.get_num_threads())
        )
        killed.start()
        killed.join(400)
        assert killed.exitcode == -signal.SIGKILL
        state = torch.load(tmp_path / "parts" / "state.pt", weights_only=True)["run"]
        assert (state["stage"], state["name"], state["finished"]) == (0, "phase", False)
        assert (state["epoch"], state["batch"]) == (0, 2)  # steps since then are done again
        monkeypatch.setattr("textreid.training.loop.STATE_SECONDS", -1)
        for title in ("phase 1", "phase 2"):
            with pytest.raises(KeyboardInterrupt):
                train(full, tmp_path / "parts", reporter=Interrupt(third_step_of_the_last_epoch(title)))
        assert same(whole, weights(train(replace(full, workers=1), tmp_path / "parts")))

    def test_a_finished_run_does_nothing_more(self, finished: FinishedRun) -> None:
        """Nor are people drawn again."""
        drawn = next((finished.out / "data").iterdir()) / "CUHK-PEDES" / "reid_raw.json"
        files = [finished.out / "model" / "model.safetensors", drawn]
        before, reporter = [file.stat().st_mtime_ns for file in files], Recorder()
        assert train(finished.recipe, finished.out, reporter=reporter) == finished.out / "model"
        assert [file.stat().st_mtime_ns for file in files] == before
        assert (reporter.steps, reporter.notes) == ([], [])

    def test_other_settings_are_refused(self, finished: FinishedRun) -> None:
        with pytest.raises(InputError, match="another optimizer: choose another --out"):
            train(replace(finished.recipe, optimizer=OptimizerRecipe(clip=1.0)), finished.out)

    def test_with_new_settings_a_finished_run_goes_on(self, recipe: Recipe, tmp_path: Path) -> None:
        train(epochs(recipe, 1), tmp_path)
        (tmp_path / "recipe.json").unlink()
        reporter = Recorder()
        train(epochs(recipe, 2), tmp_path, reporter=reporter)
        assert [(report.epoch, report.step) for report in reporter.steps] == [(1, 1), (1, 2)]


def train_until_killed(recipe: Recipe, out: Path, steps: int, threads: int) -> None:
    """Kill this process after so many steps, its state saved whenever it can be.

    Sums come out alike only with as many threads as the process that it is compared with.
    """
    loop.STATE_SECONDS = -1
    torch.set_num_threads(threads)
    train(recipe, out, reporter=Interrupt(after(steps), kill=True))


def third_step_of_the_last_epoch(title: str) -> Callable[[StepReport], bool]:
    return lambda report: (report.title, report.step, report.epoch) == (title, 3, report.epochs - 1)


class TestNoise:
    def test_believes_all_pairs_until_the_warm_up_is_over(
        self, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After it some pairs are not trusted; a run interrupted then ends with the same weights."""
        noisy = replace(
            epochs(recipe, 3), sampler=SamplerRecipe(identities=5, images=2), noise=NoiseRecipe(warmup=2)
        )
        noticing, trusting = Recorder(), Recorder()
        whole = weights(train(noisy, tmp_path / "whole", reporter=noticing))
        train(replace(noisy, noise=None), tmp_path / "trusting", reporter=trusting)
        terms, others = ([report.terms for report in one.steps] for one in (noticing, trusting))
        assert terms[:8] == others[:8]  # of 4 + 4 + 4 steps
        assert terms[8] != others[8]
        state = torch.load(tmp_path / "whole" / "state.pt", weights_only=True)
        trust = np.array(state["task"]["_extra_state"]["trust"])
        assert trust.shape == (2 * PEOPLE, 2)
        assert set(trust.flat) == {0, 1}
        assert f"epoch 3: {trust.mean():.0%} of the pairs are believed" in noticing.notes
        rows = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
        assert [row["believed"] for row in rows if row["kind"] == "noisy pairs"] == [trust.mean()]
        monkeypatch.setattr("textreid.training.loop.STATE_SECONDS", -1)
        with pytest.raises(KeyboardInterrupt):
            train(noisy, tmp_path / "parts", reporter=Interrupt(after(10)))
        assert same(whole, weights(train(noisy, tmp_path / "parts")))


class TestRunFolder:
    def test_holds_what_the_documentation_says(self, finished: FinishedRun) -> None:
        assert {path.name for path in finished.out.iterdir()} == {
            ".lock",
            "best.json",
            "curves.png",
            "data",
            "log.jsonl",
            "model",
            "recipe.json",
            "state.pt",
            "tensorboard",
        }

    def test_the_best_epoch_is_what_was_measured(self, recipe: Recipe, root: Path, tmp_path: Path) -> None:
        val = (DataRecipe("cuhk-pedes", root=str(root), split="val"),)
        reporter = Recorder()
        model = train(replace(epochs(recipe, 4), val=val), tmp_path, reporter=reporter)
        rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
        measured = [row["val"]["R1"] for row in rows if row["kind"] == "validation"]
        assert len(measured) == len(reporter.notes) == 4
        assert reporter.notes[-1].startswith(f"epoch 4: cuhk-pedes val R@1 {measured[-1]:.2f}, mAP ")
        assert rank_1(model, root, "val") == pytest.approx(max(measured), abs=100 / (2 * PEOPLE))

    def test_attributes_are_measured_too(self, recipe: Recipe, root: Path, tmp_path: Path) -> None:
        people, others = (
            DataRecipe("cuhk-pedes", root=str(root), split=split, attributes="captions")
            for split in ("train", "val")
        )
        losses = {"attributes": {}, "identification": {}}
        attributes = replace(epochs(recipe, 12), data=(people,), val=(people, others), loss=losses)
        reporter = Recorder()
        train(attributes, tmp_path, reporter=reporter)
        lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
        rows = [row for row in lines if row["kind"] == "validation"]
        first, *_, last = [row["val"] for row in rows]
        assert {"mean_accuracy", "accuracy", "f1"} <= first.keys()
        assert last["mean_accuracy"] > first["mean_accuracy"] + 10
        assert all("mean_accuracy" in row["also"]["cuhk-pedes val"] for row in rows)
        assert f"attributes mA {last['mean_accuracy']:.2f}" in reporter.notes[-1]

    def test_every_step_is_reported(self, finished: FinishedRun) -> None:
        """2 batches an epoch of the phases; of all 42 crops, and 84 captions, in batches of 16."""
        seen = [
            (report.title, report.epoch, report.step, report.epochs, report.steps)
            for report in finished.reporter.steps
            if report.terms
        ]
        assert seen == [
            (title, epoch, step + 1, epochs, steps)
            for title, epochs, steps in STEPS
            for epoch in range(epochs)
            for step in range(steps)
        ]
        assert all(report.rate > 0 for report in finished.reporter.steps if report.terms)

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


def test_functions_of_version_0_1_are_told_with_a_line_that_says_what_to_write(
    recipe: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps: list[StepReport] = []
    train(epochs(recipe, 1), tmp_path, report=steps.append, say=[].append)
    assert len(steps) == 2
    assert capsys.readouterr().err.splitlines() == [
        "train(report=, say=) is now train(reporter=); see textreid.training.progress"
    ]


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"loss": {}}, r"give the recipe a \[loss\.NAME\] table"),
            ({"stages": ()}, r"give it a \[\[stages\]\] table"),
            (
                {"stages": ({"epochs": 1},)},
                r"stages\[0\]: missing name, such as adda, .*locked, phase, pul",
            ),
            ({"stages": ({"name": "fase"},)}, r"no stage of training called 'fase'\. Did you mean 'phase'"),
            ({"stages": ({"name": "phase"},)}, r"stages\[0\]: missing epochs"),
            ({"stages": ({"name": "phase", "epoch": 1},)}, r"no key in stages\[0\] called 'epoch'"),
            ({"stages": (phase(image_size=[64]),)}, "expected 2 values"),
            ({"stages": (phase(image_size=[16, 64]),)}, "both sides need 32 pixels"),
            ({"stages": ({"name": "hubness", "nearest": 0},)}, "nearest is 0; it must be at least 1"),
            ({"stages": ({"name": "locked", "negatives": 0},)}, "negatives is 0; it must be at least 1"),
            ({"stages": ({"name": "locked", "temperature": 0.0},)}, "temperature is 0.0; it must be above 0"),
            ({"stages": ({"name": "locked", "identity_share": 1.5},)}, "must be between 0 and 1"),
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
        with pytest.raises(InputError, match=r"At step 1, in stages\[0\], 'phase', the loss 'sdm' is "):
            train(steep, tmp_path)
