"""Combined queries against the definition they claim to equal: a sum of standardised scores."""

from __future__ import annotations

import numpy as np
import pytest

from textreid.search.query import Part, combine


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture
def gallery():
    """People in a narrow cone, as image vectors are: their cosines with one another are large."""
    rng = np.random.default_rng(0)
    return unit(rng.normal(size=(400, 32)) + 4 * np.eye(32)[0])


def test_one_part_is_its_own_direction(gallery):
    vector = combine([Part(gallery[:1])], sample=lambda: pytest.fail("nothing is to be balanced"))
    np.testing.assert_allclose(vector, gallery[0], atol=1e-6)


def test_ranking_is_that_of_the_sum_of_standardised_scores(gallery):
    rng = np.random.default_rng(1)
    text, image = unit(rng.normal(size=32)), gallery[7]
    vector = combine([Part(text[None]), Part(image[None], 0.5)], lambda: gallery)
    expected = np.zeros(len(gallery))
    for weight, part in ((1.0, text), (0.5, image)):
        scores = np.array([float(np.dot(part, person)) for person in gallery])
        expected += weight * (scores - scores.mean()) / scores.std()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(np.argsort(-gallery @ vector)[:50], np.argsort(-expected)[:50])


def test_a_photo_does_not_drown_the_words(gallery):
    """Where a description's scores differ ten times less than a photo's, both are still heard alike."""
    narrow = unit(gallery * np.where(np.arange(32) == 5, 0.1, 1.0))
    text, image = np.eye(32, dtype=np.float32)[5], narrow[0]
    scores = narrow @ combine([Part(text[None]), Part(image[None])], lambda: narrow)
    plain = narrow @ (text + image)
    by_text, by_image = narrow @ text, narrow @ image
    assert np.corrcoef(plain, by_text)[0, 1] < 0.3
    assert np.corrcoef(scores, by_text)[0, 1] > 0.6
    assert np.corrcoef(scores, by_image)[0, 1] > 0.6


def test_negative_parts_push_away(gallery):
    text = unit(gallery[0] + gallery[1])
    plain = combine([Part(text[None])], lambda: gallery)
    away = combine([Part(text[None]), Part(gallery[1:2], -0.25)], lambda: gallery)
    assert away @ gallery[1] < plain @ gallery[1]


@pytest.mark.parametrize("people", [0, 1])
def test_a_gallery_too_small_to_measure_is_summed_plainly(people, gallery):
    vector = combine([Part(gallery[:1]), Part(gallery[1:2])], lambda: gallery[:people])
    np.testing.assert_allclose(vector, unit(gallery[0] + gallery[1]), atol=1e-6)


def test_equal_people_do_not_divide_by_zero(gallery):
    vector = combine([Part(gallery[:1]), Part(gallery[1:2])], lambda: gallery[[3, 3, 3]])
    assert np.isfinite(vector).all()
