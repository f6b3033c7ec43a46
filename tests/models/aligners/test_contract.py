"""What every aligner promises, and its place in a model."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.helpers.small_models import CAPTIONS, small_recipe
from textreid.errors import InputError, UnknownNameError
from textreid.inference.encoder import Encoder
from textreid.models import aligners
from textreid.models.aligners import ALIGNED, Aligner
from textreid.models.folder import save_model
from textreid.models.joint import JointModel
from textreid.models.pretrained.joint import start_model

CASES: dict[str, dict[str, Any]] = {"pan": {"width": 8}}


def test_every_aligner_is_tested() -> None:
    assert set(CASES) == set(aligners.names())


@pytest.fixture(params=CASES)
def aligner(request: pytest.FixtureRequest) -> Aligner:
    torch.manual_seed(0)
    return aligners.create({"name": request.param} | CASES[request.param], image_width=6)


@pytest.mark.parametrize("grid", [(8, 4), (4, 2), (1, 1), (7, 3)])
def test_new_crops_have_the_size_of_the_old_ones_on_any_grid(aligner: Aligner, grid: tuple[int, int]) -> None:
    images, tokens = torch.randn(3, 3, 64, 32), torch.randn(3, grid[0] * grid[1], 6)
    before = images.clone(), tokens.clone()
    crops = aligner.recrop(images, tokens, grid)
    assert crops.shape == images.shape
    assert crops.dtype == torch.float32
    assert crops.isfinite().all()
    assert torch.equal(images, before[0])
    assert torch.equal(tokens, before[1])


def test_every_weight_learns_and_the_tower_learns_nothing_of_it(aligner: Aligner) -> None:
    images, tokens = torch.randn(3, 3, 64, 32), torch.randn(3, 8, 6, requires_grad=True)
    for _ in range(2):  # what begins at 0 passes on no gradient at first
        (aligner.recrop(images, tokens, (4, 2)) * images.roll(1, dims=3)).sum().backward()
        with torch.no_grad():
            for weight in aligner.parameters():
                weight -= 0.01 * weight.grad
    assert all(weight.grad.any() for weight in aligner.parameters())
    assert tokens.grad is None


def test_its_config_is_frozen_and_wrong_options_are_refused(aligner: Aligner) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        aligner.config.weight = 2.0
    with pytest.raises(UnknownNameError, match="Did you mean 'pan'"):
        aligners.create({"name": "pam"}, image_width=6)
    with pytest.raises(InputError, match=r"model\.aligner"):
        aligners.create({"name": "pan", "width": "8"}, image_width=6)


def model_with(name: str, **changes: Any) -> tuple[JointModel, Any]:
    torch.manual_seed(0)
    model, processor = start_model(
        small_recipe(aligner={"name": name} | CASES[name], **changes), (64, 32), CAPTIONS
    )
    return model.eval(), processor


@pytest.mark.parametrize("name", CASES)
def test_a_search_vector_holds_both_crops(name: str) -> None:
    """Half of a cosine is that of the base, and half that of the aligned crops."""
    model, _ = model_with(name, reads_text=False)
    with torch.inference_mode():
        features = model.encode_image(torch.randn(2, 3, 64, 32))
        vectors = model.vector(features)
    assert vectors.shape == (2, 64)
    cosines = [
        torch.nn.functional.cosine_similarity(rows[0], rows[1], dim=0)
        for rows in (features.pooled, features.views[ALIGNED][:, 0])
    ]
    torch.testing.assert_close(vectors[0] @ vectors[1], sum(cosines) / 2)


@pytest.mark.parametrize("name", CASES)
def test_a_model_keeps_its_aligner_and_texts_search_both_crops(name: str, tmp_path: Path) -> None:
    model, processor = model_with(name)
    with torch.no_grad():
        for weight in model.aligner.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    save_model(model, processor, tmp_path)
    encoder = Encoder.load(tmp_path, device="cpu")
    from tests.helpers.toy import draw_person

    crops = [draw_person("red", "blue"), draw_person("green", "white")]
    pixels = processor.image_processor(images=crops, return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        expected = model.vector(model.encode_image(pixels))
    assert torch.allclose(torch.from_numpy(encoder.encode_images(crops)), expected, atol=5e-3)
    assert encoder.encode_texts(CAPTIONS[:1]).shape == (1, 64)


@pytest.mark.parametrize("name", CASES)
def test_the_tower_learns_from_the_new_crop_and_not_from_where_it_lies(name: str) -> None:
    """Its gradient is the same as if somebody had cropped by hand."""
    model, _ = model_with(name, reads_text=False)
    with torch.no_grad():
        for weight in model.aligner.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    images, found = torch.randn(2, 3, 64, 32), []
    for by_hand in (False, True):
        model.zero_grad()
        features = model.encode_image(images)
        aligned = features.views[ALIGNED]
        if by_hand:
            crops = model.aligner.recrop(images, features.tokens, features.grid).detach()
            aligned = model.image_projection(model.backbone.read(model.image_tower, crops).pooled)[:, None]
        aligned.square().sum().backward()
        found.append([w.grad.clone() for w in model.image_tower.parameters() if w.grad is not None])
    assert found[0]
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)
