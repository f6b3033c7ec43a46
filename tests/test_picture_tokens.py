"""What is kept of training pictures: as a search sees them, varied, once, and on a disk that may be full."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.small_models import CAPTIONS, small_recipe
from tests.toy import draw_person
from textreid.config import Recipe
from textreid.errors import ImageError, InputError
from textreid.images import open_image
from textreid.models.initialise import start_model
from textreid.models.joint import JointModel
from textreid.models.processing import JointProcessor
from textreid.picture_tokens import BATCH, read_pictures
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


def small_model(*, matcher: bool = True) -> tuple[JointModel, JointProcessor]:
    torch.manual_seed(0)
    recipe = small_recipe(matcher={"width": 16, "heads": 2} if matcher else None)
    model, processor = start_model(recipe, (64, 32), CAPTIONS)
    return model.eval(), processor


def read(folder: Path, crops: list[PersonCrop], views: int = 2, *, matcher: bool = True):
    model, processor = small_model(matcher=matcher)
    return read_pictures(
        folder, model, processor, crops, Recipe(workers=0), views=views, show=lambda *_: None
    )


def test_the_first_view_is_what_a_search_sees_and_the_second_is_not(
    tmp_path: Path, crops: list[PersonCrop]
) -> None:
    tokens, vectors = read(tmp_path / "kept", crops)
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


def test_what_is_kept_is_not_read_again(tmp_path: Path, crops: list[PersonCrop]) -> None:
    tokens, vectors = read(tmp_path / "kept", crops, views=1)
    crops[0].image.unlink()
    again, same = read(tmp_path / "kept", crops, views=1)
    np.testing.assert_array_equal(again, tokens)
    assert torch.equal(same, vectors)


@pytest.mark.parametrize("matcher", [True, False])
def test_a_full_disk_is_told_and_left_as_it_was(
    tmp_path: Path, crops: list[PersonCrop], *, matcher: bool
) -> None:
    """Whether tokens or, without a matcher, vectors fill it."""
    with files_up_to(10_000), pytest.raises(InputError, match=r"locked\.views=1"):
        read(tmp_path / "kept", crops, matcher=matcher)
    assert not any(path.name.startswith("kept") for path in tmp_path.iterdir())
    tokens, vectors = read(tmp_path / "kept", crops, matcher=matcher)
    assert vectors.shape[:2] == (2, COUNT)
    assert (tokens is not None) == matcher


def test_a_picture_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path, crops: list[PersonCrop]) -> None:
    broken = [*crops[:-1], replace(crops[-1], image=tmp_path / "gone.png")]
    with pytest.raises(ImageError, match=r"gone\.png.*no such file"):
        read(tmp_path / "kept", broken)
    assert not any(path.name.startswith("kept") for path in tmp_path.iterdir())


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """A disk on which no file grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
