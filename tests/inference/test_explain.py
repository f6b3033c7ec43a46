"""What parts look at, read from a saved model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.branched_model import RECIPE, model_with_branches, pictures
from tests.helpers.small_models import CAPTIONS, write_clip
from textreid.errors import ModelError, UnknownNameError
from textreid.inference.encoder import Encoder
from textreid.inference.explain import match_parts
from textreid.models.folder import save_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("explain") / "model"
    save_model(*model_with_branches(), folder)
    return str(folder)


@pytest.mark.parametrize(("branch", "parts"), [("stripes", 3), ("granularity", 7), ("patches", 5)])
def test_weights_cover_the_image_and_the_text(folder: str, branch: str, parts: int) -> None:
    found = match_parts(folder, pictures(1)[0], CAPTIONS[0], branch)
    assert found.places.shape[0] == parts
    assert found.places.ndim == 3
    assert found.words.shape == (parts, len(found.tokens))
    np.testing.assert_allclose(found.places.sum(axis=(1, 2)), 1, rtol=1e-5)
    np.testing.assert_allclose(found.words.sum(axis=1), 1, rtol=1e-5)
    assert "man" in found.tokens


def test_scores_are_those_that_search_adds_up(tmp_path: Path) -> None:
    alone = replace(RECIPE, global_weight=0.0, branches={"stripes": {"dim": 8, "count": 3}})
    save_model(*model_with_branches(alone), tmp_path / "model")
    encoder = Encoder.load(tmp_path / "model", device="cpu")
    expected = encoder.encode_texts(CAPTIONS[:1]) @ encoder.encode_images(pictures(1)).T
    found = match_parts(str(tmp_path / "model"), pictures(1)[0], CAPTIONS[0])
    assert found.scores.mean() == pytest.approx(expected.item(), abs=1e-5)


def test_stripes_look_from_head_to_feet(tmp_path: Path) -> None:
    plain = replace(RECIPE, branches={"stripes": {"dim": 8, "count": 3}})
    save_model(*model_with_branches(plain), tmp_path / "model")
    places = match_parts(str(tmp_path / "model"), pictures(1)[0], CAPTIONS[0]).places
    height, width = places.shape[1:]
    for stripe in range(3):
        expected = np.zeros((height, width))
        expected[height * stripe // 3 : height * (stripe + 1) // 3] = 3 / (height * width)
        np.testing.assert_allclose(places[stripe], expected, atol=1e-6)


def test_what_cannot_be_explained_is_named(folder: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'stripes'"):
        match_parts(folder, pictures(1)[0], CAPTIONS[0], "stripe")
    silent = replace(RECIPE, branches={"stripes": {"text": "none", "weight": 0.0}})
    save_model(*model_with_branches(silent), tmp_path / "silent")
    with pytest.raises(UnknownNameError, match="Known: none"):
        match_parts(str(tmp_path / "silent"), pictures(1)[0], CAPTIONS[0])
    with pytest.raises(ModelError, match="has no parts: train a joint model"):
        match_parts(str(write_clip(tmp_path / "clip")), pictures(1)[0], CAPTIONS[0])
