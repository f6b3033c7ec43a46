"""Hubs: against a sort, against scikit-learn's ridge, in a space with hubs, and in a whole run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.linear_model import Ridge
from torch import Tensor
from torch.nn import functional as F

from tests.helpers.finished_run import FinishedRun
from tests.helpers.toy import draw_person
from textreid.data.training_set import TrainingSet
from textreid.errors import InputError
from textreid.evaluate import evaluate
from textreid.evaluate.benchmark import Benchmark
from textreid.inference.adapters import TransformersAdapter
from textreid.inference.encoder import Encoder
from textreid.models.folder import load_whole
from textreid.models.joint import JointModel
from textreid.models.pretrained.joint import start_model
from textreid.models.processor import JointProcessor
from textreid.recipe import ModelRecipe
from textreid.training.from_recipe import train
from textreid.training.stages.hubness import RIDGE, direction, find_hubs, nearness
from textreid.types import PersonCrop
from textreid_index import EncoderInfo

TEXTS = ["a red shirt and blue trousers", "somebody in green trousers, pink shirt"]


def unit(rows: int, seed: int, *, dim: int = 12) -> Tensor:
    return F.normalize(torch.randn(rows, dim, generator=torch.Generator().manual_seed(seed)), dim=1)


@pytest.mark.parametrize("nearest", [1, 7, 30, 90])
def test_nearness_against_a_sort(nearest: int) -> None:
    images, captions = unit(1500, 1), unit(30, 2)
    cosines = np.sort(images.double().numpy() @ captions.double().numpy().T, axis=1)[:, ::-1]
    np.testing.assert_allclose(
        nearness(images, captions, nearest), cosines[:, :nearest].mean(axis=1), atol=1e-6
    )


@pytest.mark.parametrize("rows", [6, 400])
def test_direction_against_ridge_regression(rows: int) -> None:
    """With fewer rows than dimensions too."""
    images, aim = unit(rows, 3), torch.randn(rows, generator=torch.Generator().manual_seed(4))
    spread = np.var(images.double().numpy(), axis=0).mean()
    oracle = Ridge(alpha=RIDGE * spread * rows).fit(images.double().numpy(), aim.double().numpy())
    np.testing.assert_allclose(direction(images, aim), oracle.coef_, atol=1e-5)


def test_images_that_are_all_the_same_have_no_direction() -> None:
    assert direction(unit(1, 0).expand(5, -1), torch.ones(5)).tolist() == [0.0] * 12


def test_hubs_come_first_less_often() -> None:
    """Images that all captions lean towards; who belongs together is known."""
    people, lean = unit(1000, 5, dim=32), unit(1, 6, dim=32)
    strength = torch.rand(1000, 1, generator=torch.Generator().manual_seed(7)) ** 2
    images = F.normalize(people + strength * lean, dim=1)
    captions = F.normalize(people + 0.5 * lean + 0.9 * unit(1000, 8, dim=32), dim=1)
    seen, kept = captions[:500], captions[500:]
    turned = kept - direction(images, nearness(images, seen, 50))

    def first(queries: Tensor) -> tuple[float, int]:
        found = (queries @ images.T).topk(10).indices
        right = (found[:, 0] == torch.arange(500, 1000)).float().mean().item()
        return right, int(found.flatten().bincount().max())

    (before, crowd_before), (after, crowd_after) = first(kept), first(turned)
    assert after > before
    assert crowd_after < crowd_before


class TestRun:
    def test_it_is_measured_once_more(self, finished: FinishedRun) -> None:
        """And that is what `best.json` says of the model."""
        best = json.loads((finished.out / "best.json").read_text())["val"]["synthetic val"]
        line = f"vectors of the finished model: synthetic val R@1 {best['R1']:.2f}, mAP {best['mAP']:.2f}"
        assert finished.reporter.notes.count(line) == 1
        benchmark = Benchmark.read("cuhk-pedes", next((finished.out / "data").iterdir()), "val")
        encoder = Encoder.load(finished.out / "model", device="cpu")
        measured = evaluate(encoder, benchmark, directions=["text_to_image"])
        assert measured.directions["text_to_image"].percent == best

    def test_texts_are_turned_and_images_are_not(self, finished: FinishedRun) -> None:
        model = load_whole(JointModel, finished.out / "model")
        processor = JointProcessor.from_pretrained(finished.out / "model")
        hubs = model.hubs.clone()
        assert hubs.any()
        encoder = Encoder(TransformersAdapter(model, processor, "cpu"), EncoderInfo("turned", "", 48))
        image = [draw_person("red", "blue")]
        turned, seen = encoder.encode_texts(TEXTS), encoder.encode_images(image)
        model.set_hubs(None)
        plain = torch.from_numpy(encoder.encode_texts(TEXTS))
        np.testing.assert_allclose(turned, F.normalize(plain - hubs, dim=1), atol=1e-6)
        np.testing.assert_array_equal(encoder.encode_images(image), seen)

    def test_further_training_starts_from_straight_texts(self, finished: FinishedRun) -> None:
        further, _ = start_model(ModelRecipe(init=str(finished.out / "model")), (64, 32), [])
        assert further.hubs is None
        assert not further.config.counters_hubs

    def test_alone_it_turns_a_model_that_was_turned_before_to_the_same_texts(
        self, finished: FinishedRun, tmp_path: Path
    ) -> None:
        """As a stage of another run, and after a kill at its very end."""
        model = replace(finished.recipe.model, init=str(finished.out / "model"))
        alone = replace(finished.recipe, model=model, stages=finished.recipe.stages[-1:], val=())
        run = finished.share_data(tmp_path / "run")
        train(alone, run)
        state = torch.load(run / "state.pt", weights_only=True)
        torch.save({"run": state["run"] | {"finished": False}}, run / "state.pt")
        train(alone, run)
        expected, found = (load_file(out / "model" / "model.safetensors") for out in (finished.out, run))
        assert expected.keys() == found.keys()
        assert all(torch.equal(expected[name], found[name]) for name in expected)

    def test_few_captions_are_enough(self, finished: FinishedRun, tmp_path: Path) -> None:
        """Not one of the images that are looked at has a caption."""
        path = tmp_path / "person.png"
        draw_person("red", "blue").save(path)
        bare = PersonCrop(str(path), path, person_id=0)
        told = PersonCrop(str(path), path, person_id=None, captions=tuple(TEXTS))
        nothing = torch.empty(2, 0, dtype=torch.int64)
        data = TrainingSet([bare, told], [0, -1], [0, 0], [[], [1.0, 1.0]], nothing, {})
        encoder = Encoder.load(finished.out / "model", device="cpu")
        assert find_hubs(encoder, data, nearest=4, seed=0).isfinite().all()

    def test_it_needs_captions(self, finished: FinishedRun, tmp_path: Path) -> None:
        blind = replace(finished.recipe, model=ModelRecipe(reads_text=False), stages=({"name": "hubness"},))
        with pytest.raises(InputError, match="leave the stage 'hubness' out"):
            train(blind, tmp_path)
