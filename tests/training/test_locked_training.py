"""Training while one tower stands still: its losses, what it learns from, whole runs, killed, resumed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.metrics import log_loss
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from tests.helpers.finished_run import IMAGE_TASK, LOCKED, TEXT_TASK, FinishedRun
from tests.helpers.recorder import Interrupt, Recorder
from tests.helpers.small_models import CAPTIONS, joint_model, phase
from tests.helpers.toy import draw_person
from textreid.data.image_augment import AS_SEARCHED
from textreid.data.training_set import TrainingSet
from textreid.errors import InputError
from textreid.evaluate import Methods, evaluate
from textreid.evaluate.benchmark import Benchmark
from textreid.inference.encoder import Encoder
from textreid.inference.reranker import RERANKED_HITS
from textreid.io.images import open_image
from textreid.io.run_folder import RunFolder
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.recipe import Recipe
from textreid.training.distributed import make_accelerator
from textreid.training.from_recipe import train
from textreid.training.progress import SILENT, RunState, StepReport
from textreid.training.run import TrainingRun
from textreid.training.stage import Stage
from textreid.training.stages.locked import stage
from textreid.training.stages.locked.config import Config
from textreid.training.stages.locked.image_task import ImageTask, identity_means
from textreid.training.stages.locked.task import LockedContext
from textreid.training.stages.locked.text_task import TextTask, draw_negatives, match_loss
from textreid.types import PersonCrop

LABELS = torch.tensor([0, 0, 1, 1, 2, 2, 2, 3, 3, 4, -1, -1])
"""Of twelve images; two are of unknown people, each somebody else."""


def context_of(
    folder: Path,
    data: TrainingSet,
    model: JointModel,
    processor: JointProcessor,
    recipe: Recipe,
    options: Config,
) -> LockedContext:
    """Of a run that is in a locked stage."""
    run = TrainingRun(
        recipe=recipe,
        stages=[Stage("locked", options, stage.run)],
        folder=RunFolder(folder / "run"),
        accelerator=make_accelerator("cpu", "fp32"),
        data=data,
        val={},
        reporter=SILENT,
        log=None,
        state=RunState(stage=0, name="locked", finished=False),
    )
    return LockedContext(run, options, model, processor)


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def is_same(mine: int, other: int) -> bool:
    return mine == other or (LABELS[mine] >= 0 and bool(LABELS[mine] == LABELS[other]))


def test_match_loss_against_scikit_learn() -> None:
    logits = 2 * drawn(5, 4, seed=0)
    trust = torch.tensor([1.0, 0.4, 0.0, 1.0, 0.6])
    losses = []
    for row in logits.double():
        chosen = log_loss([0], [row.softmax(0).tolist()], labels=[0, 1, 2, 3])
        odds = row.sigmoid().numpy()
        alone = 2 * log_loss([1, 0, 0, 0], odds, sample_weight=[1, *[1 / 3] * 3], labels=[0, 1])
        losses.append(chosen + alone)
    assert match_loss(logits, trust).item() == pytest.approx(np.average(losses, weights=trust), abs=1e-5)


def test_nobody_trusted_is_no_loss() -> None:
    assert match_loss(torch.randn(3, 4), torch.zeros(3)).item() == 0


def test_people_begin_at_the_mean_of_their_images() -> None:
    vectors = normalize(drawn(12, 5, seed=4), dim=1)
    found = identity_means(vectors, LABELS, 5)
    for person in range(5):
        mean = vectors[person == LABELS].double().mean(dim=0)
        torch.testing.assert_close(
            found[person].double(), mean / mean.norm(), check_dtype=False, rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("candidates", [1, 5, 1000])
def test_draw_negatives_are_among_the_nearest_of_a_sort(candidates: int) -> None:
    cosines = drawn(40, 12, seed=2)
    own = torch.randint(12, (40,), generator=torch.Generator().manual_seed(3))
    same = torch.tensor([[is_same(mine, n) for n in range(12)] for mine in own.tolist()])
    found = draw_negatives(cosines, same, candidates=candidates, count=200)
    assert found.shape == (40, 200)
    for row, mine, hits in zip(cosines, own.tolist(), found.tolist(), strict=True):
        others = sorted((n for n in range(12) if not is_same(mine, n)), key=lambda n: -float(row[n]))
        usable = min(candidates, 9)  # person 2 has three images, and nine are of others
        assert set(hits) == set(others[:usable])


class TestRun:
    def test_one_tower_at_a_time_changes(self, finished: FinishedRun) -> None:
        first, second = (finished.before[title] for title in ("text tower frozen", "image tower frozen"))
        assert changed(first, second) == {"image_tower", "image_projection", "branches"}
        assert changed(second, finished.out / "model") == {
            "text_tower",
            "text_projection",
            "branches",
            "matcher",
            "hubs",
        }

    def test_batch_statistics_stay(self, finished: FinishedRun) -> None:
        folders = finished.before["text tower frozen"], finished.out / "model"
        old, new = (load_file(folder / "model.safetensors") for folder in folders)
        statistics = [name for name in old if name.startswith("image_tower.") and "running_" in name]
        assert statistics
        assert all(torch.equal(old[name], new[name]) for name in statistics)

    def test_nothing_of_a_stage_is_left_in_the_folder(self, finished: FinishedRun) -> None:
        assert not list(finished.out.glob("locked-*"))

    def test_the_finished_model_is_measured_with_its_matcher(self, finished: FinishedRun) -> None:
        best = json.loads((finished.out / "best.json").read_text())["matched"]["synthetic val"]
        benchmark = Benchmark.read("cuhk-pedes", next((finished.out / "data").iterdir()), "val")
        measured = evaluate(
            Encoder.load(finished.out / "model", device="cpu"),
            benchmark,
            methods=Methods(rerank=RERANKED_HITS),
            directions=["text_to_image"],
        )
        assert measured.directions["text_to_image"].percent == best
        begins = f"first {RERANKED_HITS} put into order by the matcher: synthetic val R@1"
        assert sum(line.startswith(begins) for line in finished.reporter.notes) == 1

    def test_interrupted_anywhere_it_ends_the_same(
        self, finished: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In the middle of either stage, and of what each prepares; its state is saved after every step."""
        monkeypatch.setattr("textreid.training.loop.STATE_SECONDS", -1)
        finished.share_data(tmp_path)
        titles = ["text tower frozen", "images, view 2 of 2", "texts, view 1 of 1", "image tower frozen"]
        for title in titles:
            with pytest.raises(KeyboardInterrupt):
                train(finished.recipe, tmp_path, reporter=Interrupt(half_of(title)))
        train(finished.recipe, tmp_path)
        ended, expected = (load_file(out / "model" / "model.safetensors") for out in (tmp_path, finished.out))
        assert all(torch.equal(ended[name], expected[name]) for name in expected)
        assert (tmp_path / "best.json").read_text() == (finished.out / "best.json").read_text()


def changed(before: Path, after: Path) -> set[str]:
    """Parts of the model that differ between two folders."""
    old, new = (load_file(folder / "model.safetensors") for folder in (before, after))
    shared = {name.partition(".")[0] for name in old if not torch.equal(old[name], new[name])}
    return shared | {name.partition(".")[0] for name in new.keys() - old.keys()}


def half_of(title: str) -> Callable[[StepReport], bool]:
    """Whether half of a stage's last epoch, or of a preparation, is done."""

    def reached(report: StepReport) -> bool:
        over = report.epoch * report.steps + report.step
        return report.title == title and 2 * over >= report.epochs * report.steps

    return reached


@pytest.fixture(scope="module")
def alone(finished: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """The recipe of a stage by itself, from a model that has learned something."""
    phases = (phase(epochs=12),)
    taught = replace(finished.recipe, val=(), average=0.0, stages=phases)
    model = train(taught, finished.share_data(tmp_path_factory.mktemp("taught")))
    return replace(taught, model=replace(finished.recipe.model, init=str(model)), stages=())


@pytest.fixture
def out(finished: FinishedRun, tmp_path: Path) -> Path:
    """Folder of a new run."""
    return finished.share_data(tmp_path)


def losses_of(recipe: Recipe, out: Path) -> list[dict[str, float]]:
    """The losses of each step of a run."""
    reporter = Recorder()
    train(recipe, out, reporter=reporter)
    return [dict(report.terms) for report in reporter.steps if report.terms]


def test_captions_and_the_matcher_learn(alone: Recipe, out: Path) -> None:
    """Both tell the right crop from the wrong ones of their own training."""
    stage = LOCKED | TEXT_TASK | {"epochs": 60, "text_rate": 1e-2, "head_rate": 1e-2}
    losses = losses_of(replace(alone, stages=(stage,)), out)
    for name in ("texts", "matching"):
        values = [terms[name] for terms in losses]
        assert np.mean(values[-10:]) < 0.75 * np.mean(values[:10])


def test_crops_learn(alone: Recipe, out: Path) -> None:
    """Each finds its own captions, and its identity."""
    stage = LOCKED | IMAGE_TASK | {"epochs": 40, "image_rate": 3e-3}
    losses = losses_of(replace(alone, stages=(stage,)), out)
    for name in ("images", "identification"):
        values = [terms[name] for terms in losses]
        assert np.mean(values[-10:]) < 0.85 * np.mean(values[:10])


def test_without_a_matcher_captions_learn_alone(alone: Recipe, out: Path) -> None:
    """And of the crops only vectors are stored."""
    sizes: list[int] = []

    class Sizes(Recorder):
        def step(self, report: StepReport) -> None:
            super().step(report)
            if report.terms:
                sizes.append((out / "locked-0" / "images" / "tokens.f16").stat().st_size)

    reporter = Sizes()
    model = replace(alone.model, matcher=None)
    stage = LOCKED | TEXT_TASK | {"epochs": 1}
    train(replace(alone, model=model, stages=(stage,)), out, reporter=reporter)
    terms = [set(report.terms) for report in reporter.steps if report.terms]
    assert terms
    assert all(names == {"texts"} for names in terms)
    assert set(sizes) == {0}


def test_a_loss_that_is_no_number_ends_the_run(alone: Recipe, out: Path) -> None:
    wild = LOCKED | {"epochs": 9, "text_rate": 1e30, "head_rate": 1e30}
    with pytest.raises(InputError, match=r"step 2, in stages\[0\], 'locked', the loss 'texts' is nan"):
        train(replace(alone, stages=(wild,)), out)


def test_a_model_of_images_alone_is_refused(finished: FinishedRun, tmp_path: Path) -> None:
    model = replace(finished.recipe.model, reads_text=False, matcher=None)
    with pytest.raises(InputError, match="leave 'locked' out"):
        train(replace(finished.recipe, model=model, stages=(LOCKED,)), tmp_path)


def test_images_without_captions_stay_and_unknown_people_are_nobody(tmp_path: Path) -> None:
    """The losses of a batch of all images, as they are, against plain arithmetic on what a search sees."""
    crops, labels = [], [0, 0, 1, -1, 1, -1]
    for number, colour in enumerate(("red", "red", "green", "blue", "green", "black")):
        image = tmp_path / f"{number}.png"
        draw_person(colour, "white").save(image)
        captions = (CAPTIONS[number],) if number < 4 else ()
        crops.append(PersonCrop(id=image.name, image=image, person_id=labels[number], captions=captions))
    trust = [[1.0], [0.4], [0.6], [1.0], [], []]
    data = TrainingSet(crops, labels, [0] * 6, trust, torch.zeros(6, 0, dtype=torch.int64), {})
    options = Config(
        frozen="text", batch=6, views=1, identity_share=0.0, identification=2.0, drift_weight=3.0
    )
    recipe = Recipe(augment=AS_SEARCHED, workers=0)
    model, processor = joint_model()
    context = context_of(tmp_path, data, model, processor, recipe, options)
    task = ImageTask(context)
    with torch.no_grad():
        start = task.start.clone()
        model.image_projection.weight.add_(0.02 * drawn(*model.image_projection.weight.shape, seed=0))
        _, batches = task.open_epoch(0, 0)
        _, inputs = next(batches)
        losses = task.losses(inputs)
        pixels = processor.image_processor([open_image(crop.image) for crop in crops], return_tensors="pt")
        now = normalize(model.get_image_features(**pixels).pooler_output, dim=1)
        words = processor.tokenizer(CAPTIONS, padding=True, return_tensors="pt")
        captions = normalize(model.get_text_features(**words).pooler_output, dim=1)
    assert losses["drift"].item() == pytest.approx(
        3 * (1 - (now * start).sum(dim=1)[4:].mean().item()), abs=1e-5
    )
    people = normalize(torch.stack([start[:2].mean(dim=0), start[[2, 4]].mean(dim=0)]), dim=1)
    known = [0, 1, 2, 4]
    told = cross_entropy(now[known] @ people.T / 0.05, torch.tensor([0, 0, 1, 1]))
    assert losses["identification"].item() == pytest.approx(2 * told.item(), rel=1e-4)
    logits, weights = now[:4] @ captions.T / options.temperature, torch.tensor([1.0, 0.4, 0.6, 1.0])
    each = [cross_entropy(side, torch.arange(4), reduction="none") for side in (logits, logits.T)]
    expected = torch.stack([(values * weights).sum() / weights.sum() for values in each]).mean()
    assert losses["images"].item() == pytest.approx(expected.item(), rel=1e-4)


def test_captions_choose_among_all_images_of_their_person(tmp_path: Path) -> None:
    """The loss of all captions at once, both ways, against loops; some images are of unknown people."""
    crops, labels = [], [0, 0, 1, -1, -1]
    trust = [[1.0, 0.4], [0.6], [1.0], [0.5], [0.8]]
    spoken = iter([*CAPTIONS, "a child in a blue shirt", "a man with a hat"])
    for number, colour in enumerate(("red", "red", "green", "blue", "black")):
        image = tmp_path / f"{number}.png"
        draw_person(colour, "white").save(image)
        captions = tuple(next(spoken) for _ in trust[number])
        crops.append(PersonCrop(id=image.name, image=image, person_id=None, captions=captions))
    data = TrainingSet(crops, labels, [0] * 5, trust, torch.zeros(5, 0, dtype=torch.int64), {})
    model, processor = joint_model()
    recipe, options = Recipe(workers=0), Config(batch=6, views=1, identity_share=0.3)
    task = TextTask(context_of(tmp_path, data, model, processor, recipe, options))
    (rows,) = task.order(0)
    with torch.no_grad():
        loss = task.losses(rows)["texts"].item()
        pixels = processor.image_processor([open_image(crop.image) for crop in crops], return_tensors="pt")
        images = normalize(model.get_image_features(**pixels).pooler_output, dim=1)
        words = processor.tokenizer(data.captions, padding=True, return_tensors="pt")
        captions = normalize(model.get_text_features(**words).pooler_output, dim=1)
    logits = (captions @ images.T / options.temperature).double()
    own, believed = [0, 0, 1, 2, 3, 4], [value for row in trust for value in row]
    weights = [sum(row) for row in trust]
    forth, back = [], []
    for caption, mine in enumerate(own):
        fellows = [n for n in range(5) if n == mine or labels[n] == labels[mine] >= 0]
        log_p = logits[caption].log_softmax(0)
        among = np.average([log_p[n] for n in fellows], weights=[weights[n] for n in fellows])
        forth.append(-0.7 * float(log_p[mine]) - 0.3 * among)
        log_q = logits.log_softmax(0)[caption]  # the same pairs, chosen by each image among the captions
        among = np.average([log_q[n] for n in fellows], weights=[weights[n] for n in fellows])
        back.append(-0.7 * float(log_q[mine]) - 0.3 * among)
    expected = (np.average(forth, weights=believed) + np.average(back, weights=believed)) / 2
    assert loss == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("labels", "refused"), [([0, 0], True), ([0, 1], False), ([-1, -1], False)])
def test_captions_about_one_person_alone_are_refused(
    tmp_path: Path, labels: list[int], *, refused: bool
) -> None:
    """Images of unknown people are of one each."""
    crops = []
    for number, caption in enumerate(CAPTIONS[:2]):
        image = tmp_path / f"{number}.png"
        draw_person("red", "white").save(image)
        crops.append(PersonCrop(id=image.name, image=image, person_id=None, captions=(caption,)))
    data = TrainingSet(crops, labels, [0, 0], [[1.0], [1.0]], torch.zeros(2, 0, dtype=torch.int64), {})
    model, processor = joint_model()

    def task() -> TextTask:
        recipe, options = Recipe(workers=0), Config(batch=2)
        return TextTask(context_of(tmp_path, data, model, processor, recipe, options))

    if refused:
        with pytest.raises(InputError, match="two people"):
            task()
    else:
        made = task()
        assert made.losses([0, 1])["texts"].isfinite()
