"""Cached features: as a search sees crops and captions, varied, once, and on a disk that may be full."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.helpers.small_models import CAPTIONS, small_recipe
from tests.helpers.toy import draw_person
from textreid.errors import InputError
from textreid.io.images import open_image
from textreid.models.joint import JointModel
from textreid.models.pretrained.joint import start_model
from textreid.models.processor import JointProcessor
from textreid.recipe import Recipe, TextRecipe
from textreid.training.progress import SILENT
from textreid.training.stages.locked.feature_cache import BATCH, FeatureCache
from textreid.types import PersonCrop

COUNT = BATCH + 6


@pytest.fixture
def crops(tmp_path: Path) -> list[PersonCrop]:
    colours = ("red", "green", "blue", "yellow", "black", "white")
    found = []
    for number in range(COUNT):
        image = tmp_path / f"{number}.png"
        draw_person(colours[number % 6], colours[number // 6 % 6]).save(image)
        found.append(PersonCrop(id=image.name, image=image, person_id=number))
    return found


def small_model() -> tuple[JointModel, JointProcessor]:
    torch.manual_seed(0)
    model, processor = start_model(small_recipe(), (64, 32), CAPTIONS)
    return model.eval(), processor


def cache(folder: Path, **recipe: Any) -> FeatureCache:
    model, processor = small_model()
    return FeatureCache(folder, model, processor, Recipe(workers=0, **recipe), SILENT)


def test_the_first_view_is_what_a_search_sees_and_the_second_is_not(
    tmp_path: Path, crops: list[PersonCrop]
) -> None:
    tokens, vectors = cache(tmp_path).images(crops, views=2, tokens=True)
    model, processor = small_model()
    pixels = processor.image_processor(images=[open_image(crop.image) for crop in crops], return_tensors="pt")
    with torch.inference_mode():
        expected = model.get_image_features(pixels["pixel_values"])
    assert tokens.shape == (2, *expected.last_hidden_state.shape)
    np.testing.assert_allclose(tokens[0], expected.last_hidden_state, atol=2e-3)
    unit = torch.nn.functional.normalize(expected.pooler_output, dim=1)
    assert vectors.shape == (2, *unit.shape)
    torch.testing.assert_close(vectors[0], unit, atol=1e-5, rtol=0)
    assert not torch.allclose(vectors[1], unit, atol=1e-3)
    changed = np.abs(tokens[1].astype(np.float32) - tokens[0]).max(axis=(1, 2)) > 2e-3
    assert changed.mean() > 0.9


def test_what_is_cached_is_not_computed_again(tmp_path: Path, crops: list[PersonCrop]) -> None:
    tokens, vectors = cache(tmp_path).images(crops, views=1, tokens=True)
    crops[0].image.unlink()
    again, same = cache(tmp_path).images(crops, views=1, tokens=True)
    np.testing.assert_array_equal(again, tokens)
    assert torch.equal(same, vectors)


@pytest.mark.parametrize("tokens", [True, False])
def test_a_full_disk_is_told_and_left_as_it_was(
    tmp_path: Path, crops: list[PersonCrop], *, tokens: bool
) -> None:
    """Whether tokens fill it or vectors alone."""
    with files_up_to(10_000), pytest.raises(InputError, match=r"cannot be written: file too large|is full"):
        cache(tmp_path / "cache").images(crops, views=2, tokens=tokens)
    assert not any((tmp_path / "cache").iterdir())
    grid, vectors = cache(tmp_path / "cache").images(crops, views=2, tokens=tokens)
    assert vectors.shape[:2] == (2, COUNT)
    assert (grid is not None) == tokens


def test_the_first_view_of_captions_is_what_a_search_sees(tmp_path: Path) -> None:
    captions = [*CAPTIONS, "a child"] * 30
    model, processor = small_model()
    vectors = cache(tmp_path, text=TextRecipe(delete=0.4)).texts(captions, views=2)
    with torch.inference_mode():
        for place, caption in enumerate(captions[:5]):
            words = processor.tokenizer(caption, return_tensors="pt")
            expected = torch.nn.functional.normalize(model.get_text_features(**words).pooler_output, dim=1)
            torch.testing.assert_close(vectors[0, place], expected[0], atol=1e-5, rtol=0)
    assert torch.allclose(vectors[0, :5], vectors[0, 5:10], atol=1e-5)
    assert not torch.allclose(vectors[1, :5], vectors[1, 5:10], atol=1e-3)


def test_an_image_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path, crops: list[PersonCrop]) -> None:
    broken = [*crops[:-1], replace(crops[-1], image=tmp_path / "gone.png")]
    with pytest.raises(InputError, match=r"gone\.png.*no such file"):
        cache(tmp_path / "cache").images(broken, views=2, tokens=True)
    assert not any((tmp_path / "cache").iterdir())


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """A disk on which no file grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
