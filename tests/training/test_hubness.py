"""Hubs: against a sort, against scikit-learn's ridge, in a space with hubs, and in a whole run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.linear_model import Ridge
from torch import Tensor
from torch.nn import functional as F

from tests.helpers.small_models import short_run, small_recipe
from tests.helpers.toy import draw_person
from textreid.data.training_set import TrainingSet
from textreid.errors import InputError
from textreid.evaluate import evaluate
from textreid.evaluate.benchmark import Benchmark
from textreid.inference.encoder import Encoder
from textreid.models.folder import load_whole, save_model
from textreid.models.joint import JointModel
from textreid.models.pretrained.joint import start_model
from textreid.recipe import ModelRecipe, Recipe
from textreid.training.from_recipe import train
from textreid.training.stages.hubness import RIDGE, counter_hubs, direction, nearness
from textreid.types import PersonCrop

SENTENCES = ["a red shirt and blue trousers", "somebody in green trousers, pink shirt"]


def unit(rows: int, seed: int, *, dim: int = 12) -> Tensor:
    return F.normalize(torch.randn(rows, dim, generator=torch.Generator().manual_seed(seed)), dim=1)


@pytest.mark.parametrize("nearest", [1, 7, 30, 90])
def test_nearness_against_a_sort(nearest: int) -> None:
    pictures, sentences = unit(1500, 1), unit(30, 2)
    cosines = np.sort(pictures.double().numpy() @ sentences.double().numpy().T, axis=1)[:, ::-1]
    np.testing.assert_allclose(
        nearness(pictures, sentences, nearest), cosines[:, :nearest].mean(axis=1), atol=1e-6
    )


@pytest.mark.parametrize("rows", [6, 400])
def test_direction_against_ridge_regression(rows: int) -> None:
    """With fewer rows than dimensions too."""
    pictures, aim = unit(rows, 3), torch.randn(rows, generator=torch.Generator().manual_seed(4))
    spread = np.var(pictures.double().numpy(), axis=0).mean()
    oracle = Ridge(alpha=RIDGE * spread * rows).fit(pictures.double().numpy(), aim.double().numpy())
    np.testing.assert_allclose(direction(pictures, aim), oracle.coef_, atol=1e-5)


def test_pictures_that_are_all_the_same_have_no_direction() -> None:
    assert direction(unit(1, 0).expand(5, -1), torch.ones(5)).tolist() == [0.0] * 12


def test_hubs_come_first_less_often() -> None:
    """Pictures that all sentences lean towards; who belongs together is known."""
    people, lean = unit(1000, 5, dim=32), unit(1, 6, dim=32)
    strength = torch.rand(1000, 1, generator=torch.Generator().manual_seed(7)) ** 2
    pictures = F.normalize(people + strength * lean, dim=1)
    sentences = F.normalize(people + 0.5 * lean + 0.9 * unit(1000, 8, dim=32), dim=1)
    seen, kept = sentences[:500], sentences[500:]
    turned = kept - direction(pictures, nearness(pictures, seen, 50))

    def first(queries: Tensor) -> tuple[float, int]:
        found = (queries @ pictures.T).topk(10).indices
        right = (found[:, 0] == torch.arange(500, 1000)).float().mean().item()
        return right, int(found.flatten().bincount().max())

    (before, crowd_before), (after, crowd_after) = first(kept), first(turned)
    assert after > before
    assert crowd_after < crowd_before


class TestRun:
    @pytest.fixture(scope="class")
    @staticmethod
    def recipe() -> Recipe:
        return short_run(small_recipe(branches={"stripes": {"dim": 8, "count": 2}}, hubs=4))

    @pytest.fixture(scope="class")
    @staticmethod
    def run(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
        """The model of a finished run, and what the run said."""
        said: list[str] = []
        return train(recipe, tmp_path_factory.mktemp("run"), say=said.append), said

    def test_it_is_measured_once_more(self, run: tuple[Path, list[str]]) -> None:
        """And that is what `best.json` says of the model."""
        best = json.loads((run[0].parent / "best.json").read_text())["val"]["synthetic val"]
        assert (
            run[1][-1]
            == f"vectors of the finished model: synthetic val R@1 {best['R1']:.2f}, mAP {best['mAP']:.2f}"
        )
        data = next((run[0].parent / "data").iterdir())
        benchmark = Benchmark.read("cuhk-pedes", data, "val")
        measured = evaluate(Encoder.load(run[0], device="cpu"), benchmark, directions=["text_to_image"])
        assert measured.directions["text_to_image"].percent == best

    def test_sentences_are_turned_and_pictures_are_not(self, run: tuple[Path, list[str]]) -> None:
        model = load_whole(JointModel, run[0])
        hubs = model.hubs.clone()
        assert hubs.any()
        encoder = Encoder.load(run[0], device="cpu")
        picture = [draw_person("red", "blue")]
        turned, seen = encoder.encode_texts(SENTENCES), encoder.encode_images(picture)
        encoder._towers.model.hubs.zero_()
        plain = torch.from_numpy(encoder.encode_texts(SENTENCES))
        np.testing.assert_allclose(turned, F.normalize(plain - hubs, dim=1), atol=1e-6)
        np.testing.assert_array_equal(encoder.encode_images(picture), seen)

    def test_a_finished_run_is_not_turned_again(self, run: tuple[Path, list[str]], recipe: Recipe) -> None:
        before = load_file(run[0] / "model.safetensors")
        said: list[str] = []
        after = load_file(train(recipe, run[0].parent, say=said.append) / "model.safetensors")
        assert said == []
        assert all(torch.equal(before[name], after[name]) for name in before)

    @pytest.mark.parametrize("hubs", [0, 4])
    def test_further_training_starts_from_straight_sentences(
        self, run: tuple[Path, list[str]], recipe: Recipe, hubs: int
    ) -> None:
        further, _ = start_model(ModelRecipe(init=str(run[0]), hubs=hubs), (64, 32), [])
        assert (further.hubs is None) == (hubs == 0)
        assert hubs == 0 or not further.hubs.any()

    def test_few_captions_are_enough(self, run: tuple[Path, list[str]], tmp_path: Path) -> None:
        """Not one of the pictures that are looked at has a sentence."""
        path = tmp_path / "person.png"
        draw_person("red", "blue").save(path)
        bare = PersonCrop(str(path), path, person_id=0)
        told = PersonCrop(str(path), path, person_id=None, captions=tuple(SENTENCES))
        nothing = torch.empty(2, 0, dtype=torch.int64)
        data = TrainingSet([bare, told], [0, -1], [0, 0], [[], [1.0, 1.0]], nothing, {})
        save_model(*start_model(ModelRecipe(init=str(run[0]), hubs=4), (64, 32), []), tmp_path / "model")
        assert counter_hubs(tmp_path / "model", data, nearest=4, device="cpu", seed=0)

    def test_it_needs_sentences(self, recipe: Recipe, tmp_path: Path) -> None:
        blind = Recipe(
            model=ModelRecipe(reads_text=False, hubs=4),
            data=recipe.data,
            loss=recipe.loss,
            phases=recipe.phases,
        )
        with pytest.raises(InputError, match=r"model\.hubs=0"):
            train(blind, tmp_path)
