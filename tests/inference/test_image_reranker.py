"""Re-ranking by a photo: whom it lifts, which matcher is asked, and that a model's own agrees with it."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.helpers.small_models import CAPTIONS, small_recipe
from tests.helpers.toy import draw_person
from tests.helpers.toy_matcher import MixedUpPhotos
from textreid import PersonSearch
from textreid.inference.encoder import Encoder
from textreid.models.folder import save_model
from textreid.models.pretrained.joint import start_model

OUTFITS = list(itertools.permutations(("red", "green", "blue", "yellow"), 2))


@pytest.fixture
def people(tmp_path: Path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for upper, lower in OUTFITS:
        draw_person(upper, lower).save(folder / f"{upper}-{lower}.png")
    with PersonSearch.open(tmp_path / "gallery", create=True, encoder=MixedUpPhotos()) as opened:
        opened.add(folder, crops=True)
        yield opened


def first_right(people: PersonSearch, **options: int) -> float:
    """R@1 of a photo of every outfit."""
    found = [people.search(image=draw_person(*outfit), k=1, **options)[0] for outfit in OUTFITS]
    right = [Path(hit.record.source).stem == "-".join(o) for hit, o in zip(found, OUTFITS, strict=True)]
    return float(np.mean(right))


def test_lifts_whom_the_photo_shows(people: PersonSearch) -> None:
    assert first_right(people, rerank=0) <= 0.5
    assert first_right(people, rerank=2) == 1
    assert first_right(people) == 1  # the first 64 of a photo alone


def test_hits_tell_who_was_read_and_a_budget_stops_it(people: PersonSearch) -> None:
    photo = draw_person("red", "blue")
    hits = people.search(image=photo, k=5, rerank=3)
    assert [hit.match is None for hit in hits] == [False, False, False, True, True]
    assert hits[0].match == pytest.approx(1 / (1 + np.exp(-4)), abs=0.02)  # of a logit of 8 * 1 - 4
    assert all(hit.match is None for hit in people.search(image=photo, rerank=20, budget=0))


def test_a_description_is_read_by_the_matcher_of_texts_also_beside_a_photo(people: PersonSearch) -> None:
    of_photos = people.encoder.image_matcher
    seen = of_photos.images_seen
    text = "a person in a red shirt and blue trousers"
    assert all(hit.match is not None for hit in people.search(text, k=3))
    both = people.search(text, image=draw_person("red", "blue"), k=3, rerank=3)
    assert all(hit.match is not None for hit in both)
    assert of_photos.images_seen == seen


def test_each_matcher_reads_an_image_once(people: PersonSearch) -> None:
    of_photos = people.encoder.image_matcher
    before = of_photos.images_seen
    for _ in range(3):
        people.search(image=draw_person("red", "blue"), rerank=len(OUTFITS))
    assert of_photos.images_seen - before == len(OUTFITS) + 3


@pytest.mark.parametrize("reads_text", [True, False])
@pytest.mark.parametrize("name", ["fpnn", "gated", "idla"])
def test_an_encoder_matches_as_its_model_does(tmp_path: Path, name: str, reads_text: bool) -> None:
    """Also beside a matcher of texts, whose logits stay."""
    both = {"matcher": {"width": 16, "heads": 2}} if reads_text else {"reads_text": False}
    recipe = small_recipe(image_matcher={"name": name}, **both)
    torch.manual_seed(0)
    model, processor = start_model(recipe, (64, 32), CAPTIONS)
    model.eval()
    save_model(model, processor, tmp_path / "model")
    encoder = Encoder.load(tmp_path / "model", device="cpu")
    assert (encoder.matcher is not None) == reads_text
    matcher, crops = encoder.image_matcher, [draw_person(*outfit) for outfit in OUTFITS[:5]]
    read = matcher.image_tokens(crops, batch_size=2)
    logits = matcher.score_pairs(read[1], read)
    assert logits.dtype == np.float32
    pixels = processor.image_processor(images=crops, return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        image = model.encode_image(pixels)
        expected = model.score_image_pairs(image, torch.ones(5, dtype=torch.int64), torch.arange(5))
    np.testing.assert_allclose(logits, expected.numpy(), atol=2e-2)  # weights and maps are kept in float16
    assert matcher.score_pairs(read[0], []).shape == (0,)


def test_training_goes_on_with_the_image_matcher_if_the_recipe_asks_for_one(tmp_path: Path) -> None:
    recipe = small_recipe(image_matcher={"name": "gated", "width": 8})
    model, processor = start_model(recipe, (64, 32), CAPTIONS)
    save_model(model, processor, tmp_path)
    again, _ = start_model(small_recipe(init=str(tmp_path), image_matcher={"name": "gated"}), None, CAPTIONS)
    assert again.config.image_matcher == {"name": "gated", "width": 8}
    weights = model.image_matcher.state_dict()
    for name, weight in again.image_matcher.state_dict().items():
        torch.testing.assert_close(weight.float(), weights[name].half().float(), rtol=0, atol=0)
    without, _ = start_model(small_recipe(init=str(tmp_path)), None, CAPTIONS)
    assert without.image_matcher is None
