"""Branches inside a joint model: kept in its folder, used by its search vectors, added to a trained model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.helpers.branched_model import RECIPE, model_with_branches, pictures
from tests.helpers.small_models import CAPTIONS
from textreid.errors import InputError
from textreid.inference.encoder import Encoder
from textreid.models.folder import load_whole, save_model
from textreid.models.joint import JointModel
from textreid.models.pretrained.joint import start_model
from textreid.models.processor import JointProcessor
from textreid.training.freezing import freeze

SIZES = {"global": 24, "stripes": 3 * 8, "granularity": 7 * 4, "patches": 5 * 6}
SHARES = {"global": 0.5, "stripes": 1.0, "granularity": 0.25, "patches": 1.0}


def test_weights_and_options_come_back_from_the_folder(tmp_path: Path) -> None:
    model, processor = model_with_branches()
    model.half().float()  # what the file can hold
    save_model(model, processor, tmp_path / "model")
    loaded = load_whole(JointModel, tmp_path / "model")
    assert loaded.config.branches == RECIPE.branches
    pixels = torch.randn(3, 3, 96, 32, generator=torch.Generator().manual_seed(0))
    tokens = processor.tokenizer(CAPTIONS, padding=True, return_tensors="pt")
    tokens = {name: tokens[name] for name in ("input_ids", "attention_mask")}
    for before, after in (
        (model.encode_image(pixels), loaded.encode_image(pixels)),
        (model.encode_text(**tokens), loaded.encode_text(**tokens)),
    ):
        assert before.views.keys() == after.views.keys() == RECIPE.branches.keys()
        for name in before.views:
            torch.testing.assert_close(after.views[name], before.views[name], rtol=0, atol=0)
    again, before = (each.get_image_features(pixels).pooler_output for each in (loaded, model))
    torch.testing.assert_close(again, before)


def test_search_compares_the_parts_of_pictures_and_sentences(tmp_path: Path) -> None:
    """The engine's vectors: a dot product is the weighted mean of the cosines of all views."""
    save_model(*model_with_branches(), tmp_path / "model")
    encoder = Encoder.load(tmp_path / "model", device="cpu")
    images, texts = encoder.encode_images(pictures(3)), encoder.encode_texts(CAPTIONS)
    assert encoder.info.dim == sum(SIZES.values())
    assert images.shape == (3, encoder.info.dim)
    assert texts.shape == (len(CAPTIONS), encoder.info.dim)

    model = load_whole(JointModel, tmp_path / "model")
    processor = JointProcessor.from_pretrained(tmp_path / "model")
    with torch.inference_mode():
        image = model.encode_image(processor(images=pictures(3), return_tensors="pt")["pixel_values"])
        tokens = processor.tokenizer(CAPTIONS, padding=True, return_tensors="pt")
        text = model.encode_text(tokens["input_ids"], tokens["attention_mask"])
        scores = torch.zeros(len(CAPTIONS), 3)
        for name, share in SHARES.items():
            left, right = text.view(name).parts[:, None], image.view(name).parts[None]
            cosines = torch.cosine_similarity(left, right, dim=3).mean(dim=2)
            scores += share / sum(SHARES.values()) * cosines
    np.testing.assert_allclose(texts @ images.T, scores.numpy(), atol=2e-5)


def test_a_trained_model_can_grow_a_branch(tmp_path: Path) -> None:
    plain, processor = model_with_branches(replace(RECIPE, branches={}))
    save_model(plain, processor, tmp_path / "plain")
    grown, _ = start_model(replace(RECIPE, init=str(tmp_path / "plain")), (96, 32), CAPTIONS)
    assert list(grown.branches) == list(RECIPE.branches)
    assert all(weight.isfinite().all() for weight in grown.parameters())
    pixels = torch.randn(2, 3, 96, 32, generator=torch.Generator().manual_seed(0))
    expected = load_whole(JointModel, tmp_path / "plain").encode_image(pixels).pooled
    torch.testing.assert_close(grown.eval().encode_image(pixels).pooled, expected)


def test_a_branch_that_sentences_cannot_follow_takes_no_part_in_search() -> None:
    with pytest.raises(InputError, match=r"write weight = 0\.0"):
        model_with_branches(replace(RECIPE, branches={"stripes": {"text": "none"}}))
    silent = {"stripes": {"text": "none", "weight": 0.0}}
    model, processor = model_with_branches(replace(RECIPE, branches=silent))
    tokens = processor.tokenizer(CAPTIONS, padding=True, return_tensors="pt")
    text = model.get_text_features(tokens["input_ids"], tokens["attention_mask"]).pooler_output
    image = model.get_image_features(torch.zeros(1, 3, 96, 32)).pooler_output
    assert text.shape[1] == image.shape[1] == 24


def test_refined_stripes_can_learn_their_assignment_alone() -> None:
    """The paper's second stage as a phase: what is named stays, batch statistics too."""
    branches = {"stripes": {"count": 3, "dim": 8, "refined": True}}
    model, _ = model_with_branches(replace(RECIPE, reads_text=False, branches=branches))
    names = ["image_tower", "image_projection", "branches.stripes.reduction"]
    with freeze(model, names):
        learns = [name for name, weight in model.named_parameters() if weight.requires_grad]
    assert learns == ["branches.stripes.assignment.weight", "branches.stripes.assignment.bias"]
