"""Evaluation with the matcher, beside the result without it, and against a loop."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.official_layouts import caption, write_cuhk_pedes, write_market1501
from tests.helpers.toy import ToyEncoder, draw_person
from tests.helpers.toy_matcher import MixedUp, MixedUpPhotos, UpperAndLower, order_by_hand
from textreid.errors import InputError, ModelError
from textreid.evaluate import Methods, evaluate
from textreid.evaluate.benchmark import Benchmark
from textreid.inference.reranker import blend, rerank_rows


@pytest.fixture
def benchmark(tmp_path: Path) -> Benchmark:
    write_cuhk_pedes(tmp_path, [(person, "test", [caption(person)]) for person in (1, 1, 2, 3, 4)])
    return Benchmark.read("cuhk-pedes", tmp_path, "test")


def test_scores_against_a_loop() -> None:
    random = np.random.default_rng(0)
    cosines, logits = random.random((5, 9)).astype(np.float32), random.normal(size=(5, 9))
    tokens = [np.array([place]) for place in range(9)]

    class Table(UpperAndLower):
        weight = 0.3

        def score_pairs(self, text_tokens, image_tokens):
            return logits[text_tokens, np.concatenate(image_tokens)]

    vectors = np.eye(9, dtype=np.float32)[[0, 1, 2, 0, 1, 2, 0, 1, 2]]
    texts = map(np.array, range(5))
    chunks = rerank_rows(Table(), [cosines[:2], cosines[2:]], texts, tokens, vectors, 6)
    ranked = np.argsort(-np.concatenate(list(chunks)), axis=1, kind="stable")
    for query in range(5):
        order = sorted(range(9), key=lambda place: -cosines[query, place])
        best = np.array(order[:6])
        blended = blend(cosines[query, best], logits[query, best], 0.3)
        expected = [best[n] for n in order_by_hand(blended, vectors[best])] + order[6:]
        assert ranked[query].tolist() == expected
    assert cosines.max() < 1  # what came in is as it was


def test_the_result_without_the_matcher_is_told_too(benchmark: Benchmark) -> None:
    plain = evaluate(MixedUp(), benchmark).to_dict()
    both = evaluate(MixedUp(), benchmark, methods=Methods(rerank=5)).to_dict()
    assert both["plain"]["text_to_image"] == plain["text_to_image"]
    assert both["image_to_text"] == plain["image_to_text"]
    assert both["text_to_image"]["R1"] == both["text_to_image"]["mAP"] == 100
    assert "image_to_text" not in both["plain"]  # there the matcher takes no part
    json.dumps(both)


@pytest.fixture
def photos(tmp_path: Path) -> Benchmark:
    """Two people who wear the same colours, one of them the other way round."""
    folder = write_market1501(tmp_path, ["0001_c1", "0002_c1"], ["0002_c2", "0001_c2"])
    for part, people in (("query", (1, 2)), ("bounding_box_test", (2, 1))):
        for file, person in zip(sorted((folder / part).iterdir()), sorted(people), strict=True):
            draw_person(*(("red", "blue") if person == 1 else ("blue", "red"))).save(file)
    return Benchmark.read("market1501", tmp_path)


def test_photos_are_put_into_order_by_the_matcher_of_images(photos: Benchmark) -> None:
    result = evaluate(MixedUpPhotos(), photos, methods=Methods(rerank=2))
    both = result.to_dict()
    assert both["image_to_image"]["R1"] == 100
    assert both["plain"]["image_to_image"] == evaluate(MixedUpPhotos(), photos).to_dict()["image_to_image"]
    assert both["plain"]["image_to_image"]["R1"] < 100
    assert result.methods_of("image_to_image").names == ["matcher (top 2)"]


def test_a_matcher_of_texts_does_not_order_photos(photos: Benchmark, benchmark: Benchmark) -> None:
    with pytest.raises(ModelError, match="no matcher that compares two images"):
        evaluate(MixedUp(), photos, methods=Methods(rerank=2))
    both = ["text_to_image", "image_to_image"]
    result = evaluate(MixedUp(), benchmark, methods=Methods(rerank=5), directions=both)
    assert set(result.plain) == {"text_to_image"}
    assert result.methods_of("image_to_image").names == []


def test_model_without_a_matcher_is_refused_before_anything_is_read(benchmark: Benchmark) -> None:
    encoder = ToyEncoder()
    with pytest.raises(ModelError, match="'toy' has no matcher"):
        evaluate(encoder, benchmark, methods=Methods(rerank=5))
    assert encoder.images_seen == 0


@pytest.mark.parametrize(("count", "message"), [(-1, "1 or more"), (5, "leave --rerank out")])
def test_what_the_matcher_cannot_do_is_said_before_anything_is_read(
    benchmark: Benchmark, count: int, message: str
) -> None:
    encoder = MixedUp()
    with pytest.raises(InputError, match=message):
        evaluate(encoder, benchmark, methods=Methods(rerank=count), directions=["image_to_text"])
    assert encoder.images_seen == 0


def test_two_ways_to_rerank_are_refused() -> None:
    with pytest.raises(InputError, match="choose one"):
        Methods(rerank=5, k_reciprocal=True)


@pytest.mark.parametrize("value", [True, False])
def test_a_bool_is_refused_since_it_meant_k_reciprocal_reranking(value: bool) -> None:
    with pytest.raises(InputError, match="--k-reciprocal") as caught:
        Methods(rerank=value)
    assert "\n" not in str(caught.value)


def test_the_old_name_of_the_number_still_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert Methods(match=5) == Methods(rerank=5)
    assert capsys.readouterr().err == "note: match = 5 is now rerank = 5.\n"
