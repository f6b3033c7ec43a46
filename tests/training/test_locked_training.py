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

from tests.helpers.small_models import CAPTIONS, joint_model, short_run, small_recipe
from tests.helpers.toy import draw_person
from textreid.data.image_batches import AS_SEARCHED
from textreid.data.training_set import TrainingSet
from textreid.errors import InputError
from textreid.evaluate import Methods, evaluate
from textreid.evaluate.benchmark import Benchmark
from textreid.inference.encoder import Encoder
from textreid.inference.reranker import RERANKED_HITS
from textreid.io.images import open_image
from textreid.recipe import LockedRecipe, Recipe
from textreid.training.from_recipe import train
from textreid.training.progress import StepReport
from textreid.training.stages.locked.image_task import ImageTask, means
from textreid.training.stages.locked.task import LockedContext
from textreid.training.stages.locked.text_task import TextTask, match_loss, wrong_hits
from textreid.types import PersonCrop

LABELS = torch.tensor([0, 0, 1, 1, 2, 2, 2, 3, 3, 4, -1, -1])
"""Of twelve pictures; two are of unknown people, each somebody else."""


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


def test_people_begin_at_the_mean_of_their_pictures() -> None:
    vectors = normalize(drawn(12, 5, seed=4), dim=1)
    found = means(vectors, LABELS, 5)
    for person in range(5):
        mean = vectors[person == LABELS].double().mean(dim=0)
        torch.testing.assert_close(
            found[person].double(), mean / mean.norm(), check_dtype=False, rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("nearest", [1, 5, 1000])
def test_wrong_hits_are_among_the_nearest_of_a_sort(nearest: int) -> None:
    cosines = drawn(40, 12, seed=2)
    own = torch.randint(12, (40,), generator=torch.Generator().manual_seed(3))
    same = torch.tensor([[is_same(mine, n) for n in range(12)] for mine in own.tolist()])
    found = wrong_hits(cosines, same, nearest=nearest, count=200)
    assert found.shape == (40, 200)
    for row, mine, hits in zip(cosines, own.tolist(), found.tolist(), strict=True):
        others = sorted((n for n in range(12) if not is_same(mine, n)), key=lambda n: -float(row[n]))
        usable = min(nearest, 9)  # person 2 has three pictures, and nine are of others
        assert set(hits) == set(others[:usable])


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    short = short_run(small_recipe(hubs=4, matcher={"width": 16, "heads": 2, "weight": 0.1}))
    pictures = LockedRecipe(frozen="text", epochs=2, batch=16, image_rate=1e-3, head_rate=3e-3)
    sentences = LockedRecipe(epochs=3, batch=16, text_rate=1e-3, head_rate=3e-3, candidates=20, negatives=3)
    return replace(short, locked=(pictures, sentences), average=0.9)


class TestRun:
    @pytest.fixture(scope="class")
    @staticmethod
    def finished(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
        """The folder of a run, and what it said."""
        out, said = tmp_path_factory.mktemp("run"), list[str]()
        train(recipe, out, say=said.append)
        return out, said

    @pytest.fixture(scope="class")
    @staticmethod
    def before(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
        out = tmp_path_factory.mktemp("before")
        train(replace(recipe, locked=()), out)
        return out

    @pytest.fixture(scope="class")
    @staticmethod
    def between(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """The run with the first of the two stages alone."""
        out = tmp_path_factory.mktemp("between")
        train(replace(recipe, locked=recipe.locked[:1]), out)
        return out

    def test_one_tower_at_a_time_changes(
        self, finished: tuple[Path, list[str]], between: Path, before: Path
    ) -> None:
        assert changed(before, between) == {"image_tower", "image_projection", "hubs"}
        assert changed(between, finished[0]) == {"text_tower", "text_projection", "matcher", "hubs"}

    def test_batch_statistics_stay(self, between: Path, before: Path) -> None:
        old, new = (load_file(out / "model" / "model.safetensors") for out in (before, between))
        kept = [name for name in old if "running_" in name]
        assert kept
        assert all(torch.equal(old[name], new[name]) for name in kept)

    @pytest.mark.parametrize("stage", ["locked-0", "locked-1"])
    def test_what_was_kept_is_gone_afterwards(self, finished: tuple[Path, list[str]], stage: str) -> None:
        assert [path.name for path in (finished[0] / stage).iterdir()] == ["state.pt"]

    @pytest.mark.parametrize(
        ("kind", "match", "begins"),
        [
            ("val", 0, "vectors of the finished model: synthetic val R@1"),
            (
                "matched",
                RERANKED_HITS,
                f"first {RERANKED_HITS} put into order by the matcher: synthetic val R@1",
            ),
        ],
    )
    def test_the_finished_model_is_measured(
        self, finished: tuple[Path, list[str]], kind: str, match: int, begins: str
    ) -> None:
        out, said = finished
        best = json.loads((out / "best.json").read_text())[kind]["synthetic val"]
        benchmark = Benchmark.read("cuhk-pedes", next((out / "data").iterdir()), "val")
        measured = evaluate(
            Encoder.load(out / "model", device="cpu"),
            benchmark,
            methods=Methods(rerank=match),
            directions=["text_to_image"],
        )
        assert measured.directions["text_to_image"].percent == best
        assert sum(line.startswith(begins) for line in said) == 1

    def test_a_finished_run_is_left_alone(self, recipe: Recipe, finished: tuple[Path, list[str]]) -> None:
        weights = finished[0] / "model" / "model.safetensors"
        before, said = weights.stat().st_mtime_ns, list[str]()
        train(recipe, finished[0], say=said.append)
        assert weights.stat().st_mtime_ns == before
        assert not said

    @pytest.mark.parametrize(
        "stage",
        ["text tower locked", "pictures, view 2 of 2", "sentences, view 1 of 1", "image tower locked"],
    )
    def test_a_killed_run_ends_the_same(
        self,
        recipe: Recipe,
        finished: tuple[Path, list[str]],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        stage: str,
    ) -> None:
        monkeypatch.setattr("textreid.training.stages.locked.stage.STATE_SECONDS", 0)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, tmp_path, report=stop_at(stage))
        train(recipe, tmp_path)
        ended, expected = (load_file(out / "model" / "model.safetensors") for out in (tmp_path, finished[0]))
        assert all(torch.equal(ended[name], expected[name]) for name in expected)


def test_a_loss_that_is_no_number_ends_the_run(recipe: Recipe, tmp_path: Path) -> None:
    wild = replace(recipe, val=(), locked=(LockedRecipe(epochs=9, text_rate=1e30, head_rate=1e30),))
    with pytest.raises(InputError, match=r"not finite.*\[\[locked\]\]"):
        train(wild, tmp_path)


def changed(before: Path, after: Path) -> set[str]:
    """Parts of the model that differ between two runs."""
    old, new = (load_file(out / "model" / "model.safetensors") for out in (before, after))
    assert old.keys() == new.keys()
    return {name.partition(".")[0] for name in old if not torch.equal(old[name], new[name])}


def stop_at(stage: str) -> Callable[[StepReport], None]:
    """Interrupts where half of a stage is done."""

    def report(step: StepReport) -> None:
        if step.stage == stage and 2 * step.step >= step.steps:
            raise KeyboardInterrupt

    return report


@pytest.fixture(scope="module")
def long(recipe: Recipe) -> Recipe:
    """Long enough to learn."""
    locked = LockedRecipe(epochs=60, batch=16, text_rate=1e-2, head_rate=1e-2, candidates=20, negatives=3)
    phases = (replace(recipe.phases[0], epochs=12),)
    return replace(recipe, val=(), phases=phases, locked=(locked,))


def test_sentences_and_the_matcher_learn(long: Recipe, tmp_path: Path) -> None:
    """Both tell the right picture from the wrong ones of their own training."""
    losses: list[dict[str, float]] = []

    def report(step: StepReport) -> None:
        if step.stage == "image tower locked":
            losses.append(step.terms)

    train(long, tmp_path, report=report)
    for name in ("sentences", "matching"):
        values = [terms[name] for terms in losses]
        assert np.mean(values[-10:]) < 0.75 * np.mean(values[:10])


def test_pictures_learn(long: Recipe, tmp_path: Path) -> None:
    """Each finds its own sentences, and its person."""
    options = LockedRecipe(frozen="text", epochs=60, batch=16, image_rate=3e-3, head_rate=3e-3)
    losses: list[dict[str, float]] = []

    def report(step: StepReport) -> None:
        if step.stage == "text tower locked":
            losses.append(step.terms)

    train(replace(long, average=0.0, locked=(options,)), tmp_path, report=report)
    for name in ("pictures", "identification"):
        values = [terms[name] for terms in losses]
        assert np.mean(values[-10:]) < 0.85 * np.mean(values[:10])


def test_pictures_without_sentences_stay_and_unknown_people_are_nobody(tmp_path: Path) -> None:
    """The losses of a batch of all pictures, as they are, against plain arithmetic on what a search sees."""
    crops, labels = [], [0, 0, 1, -1, 1, -1]
    for number, colour in enumerate(("red", "red", "green", "blue", "green", "black")):
        image = tmp_path / f"{number}.png"
        draw_person(colour, "white").save(image)
        captions = (CAPTIONS[number],) if number < 4 else ()
        crops.append(PersonCrop(id=image.name, image=image, person_id=labels[number], captions=captions))
    trust = [[1.0], [0.4], [0.6], [1.0], [], []]
    data = TrainingSet(crops, labels, [0] * 6, trust, torch.zeros(6, 0, dtype=torch.int64), {})
    options = LockedRecipe(
        frozen="text", batch=6, views=1, identity_share=0.0, identification=2.0, drift_weight=3.0
    )
    recipe = Recipe(augment=AS_SEARCHED, workers=0)
    model, processor = joint_model()
    context = LockedContext(tmp_path / "kept", data, model, processor, recipe, options, lambda *_: None)
    task = ImageTask(context)
    with torch.no_grad():
        start = task.start.clone()
        model.image_projection.weight.add_(0.02 * drawn(*model.image_projection.weight.shape, seed=0))
        losses = task(model, next(task.inputs(0, 0)))
        pixels = processor.image_processor([open_image(crop.image) for crop in crops], return_tensors="pt")
        now = normalize(model.get_image_features(**pixels).pooler_output, dim=1)
        words = processor.tokenizer(CAPTIONS, padding=True, return_tensors="pt")
        sentences = normalize(model.get_text_features(**words).pooler_output, dim=1)
    assert losses["stay"].item() == pytest.approx(
        3 * (1 - (now * start).sum(dim=1)[4:].mean().item()), abs=1e-5
    )
    people = normalize(torch.stack([start[:2].mean(dim=0), start[[2, 4]].mean(dim=0)]), dim=1)
    known = [0, 1, 2, 4]
    told = cross_entropy(now[known] @ people.T / 0.05, torch.tensor([0, 0, 1, 1]))
    assert losses["identification"].item() == pytest.approx(2 * told.item(), rel=1e-4)
    logits, weights = now[:4] @ sentences.T / options.temperature, torch.tensor([1.0, 0.4, 0.6, 1.0])
    each = [cross_entropy(side, torch.arange(4), reduction="none") for side in (logits, logits.T)]
    expected = torch.stack([(values * weights).sum() / weights.sum() for values in each]).mean()
    assert losses["pictures"].item() == pytest.approx(expected.item(), rel=1e-4)


def test_sentences_choose_among_all_pictures_of_their_person(tmp_path: Path) -> None:
    """The loss of all sentences at once, both ways, against loops; some pictures are of unknown people."""
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
    recipe, options = Recipe(workers=0), LockedRecipe(batch=6, views=1, identity_share=0.3)
    task = TextTask(
        LockedContext(tmp_path / "kept", data, model, processor, recipe, options, lambda *_: None)
    )
    (rows,) = task.order(0)
    with torch.no_grad():
        loss = task(model, rows)["sentences"].item()
        pixels = processor.image_processor([open_image(crop.image) for crop in crops], return_tensors="pt")
        pictures = normalize(model.get_image_features(**pixels).pooler_output, dim=1)
        words = processor.tokenizer(data.captions, padding=True, return_tensors="pt")
        sentences = normalize(model.get_text_features(**words).pooler_output, dim=1)
    logits = (sentences @ pictures.T / options.temperature).double()
    own, believed = [0, 0, 1, 2, 3, 4], [value for row in trust for value in row]
    weights = [sum(row) for row in trust]
    forth, back = [], []
    for sentence, mine in enumerate(own):
        fellows = [n for n in range(5) if n == mine or labels[n] == labels[mine] >= 0]
        log_p = logits[sentence].log_softmax(0)
        among = np.average([log_p[n] for n in fellows], weights=[weights[n] for n in fellows])
        forth.append(-0.7 * float(log_p[mine]) - 0.3 * among)
        log_q = logits.log_softmax(0)[sentence]  # the same pairs, chosen by each picture among the sentences
        among = np.average([log_q[n] for n in fellows], weights=[weights[n] for n in fellows])
        back.append(-0.7 * float(log_q[mine]) - 0.3 * among)
    expected = (np.average(forth, weights=believed) + np.average(back, weights=believed)) / 2
    assert loss == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("labels", "refused"), [([0, 0], True), ([0, 1], False), ([-1, -1], False)])
def test_sentences_about_one_person_alone_are_refused(
    tmp_path: Path, labels: list[int], *, refused: bool
) -> None:
    """Pictures of unknown people are of one each."""
    crops = []
    for number, caption in enumerate(CAPTIONS[:2]):
        image = tmp_path / f"{number}.png"
        draw_person("red", "white").save(image)
        crops.append(PersonCrop(id=image.name, image=image, person_id=None, captions=(caption,)))
    data = TrainingSet(crops, labels, [0, 0], [[1.0], [1.0]], torch.zeros(2, 0, dtype=torch.int64), {})
    model, processor = joint_model()

    def task() -> TextTask:
        recipe, options = Recipe(workers=0), LockedRecipe(batch=2)
        return TextTask(
            LockedContext(tmp_path / "kept", data, model, processor, recipe, options, lambda *_: None)
        )

    if refused:
        with pytest.raises(InputError, match="two people"):
            task()
    else:
        made = task()
        assert made(model, next(made.inputs(0, 0)))["sentences"].isfinite()


def test_without_a_matcher_sentences_learn_alone(recipe: Recipe, tmp_path: Path) -> None:
    """And of the pictures only vectors are kept."""
    terms: list[set[str]] = []
    sizes: list[int] = []

    def report(step: StepReport) -> None:
        if step.stage == "image tower locked":
            terms.append(set(step.terms))
            sizes.append((folder / "kept" / "pictures" / "tokens.f16").stat().st_size)

    folder = tmp_path / "locked-0"
    alone = replace(recipe, model=replace(recipe.model, matcher=None), val=(), locked=recipe.locked[1:])
    train(alone, tmp_path, report=report)
    assert terms
    assert all(names == {"sentences"} for names in terms)
    assert set(sizes) == {0}


def test_a_model_of_pictures_alone_is_refused(recipe: Recipe, tmp_path: Path) -> None:
    model = replace(recipe.model, reads_text=False, matcher=None, hubs=0)
    with pytest.raises(InputError, match=r"\[\[locked\]\]"):
        train(replace(recipe, model=model), tmp_path)
