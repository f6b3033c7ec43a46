"""On the same features, the same numbers as the evaluators that papers used."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.helpers.toolkits import fastreid_market1501, irra_rank, torchreid_market1501
from textreid.metrics.protocols import image_to_image, text_to_image
from textreid.metrics.search import Search


def lattice(draw: np.random.Generator, count: int, sides: int) -> np.ndarray:
    """Unit vectors with few directions, so that many scores tie exactly."""
    return np.eye(4, dtype=np.float32)[draw.integers(0, sides, count)]


@st.composite
def image_searches(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    queries, gallery = draw(st.integers(1, 10)), draw(st.integers(1, 30))
    people, cameras, sides = draw(st.integers(1, 6)), draw(st.integers(1, 3)), draw(st.integers(1, 4))
    ids = rng.integers(1, people + 1, queries)
    ties = draw(st.booleans())

    def vectors(count: int) -> np.ndarray:
        if ties:
            return lattice(rng, count, sides)
        some = rng.normal(size=(count, 5))
        return (some / np.linalg.norm(some, axis=1, keepdims=True)).astype(np.float32)

    gallery_ids = rng.integers(-1, people + 1, gallery)  # junk -1, distractors 0, persons
    sides_of = (vectors(queries), ids, rng.integers(0, cameras, queries), vectors(gallery), gallery_ids)
    return (*sides_of, rng.integers(0, cameras, gallery))


@settings(deadline=None, max_examples=200)
@given(image_searches())
def test_image_search_equals_torchreid_and_fastreid(sides):
    queries, query_ids, query_cameras, gallery, gallery_ids, gallery_cameras = sides
    kept = gallery_ids != -1  # both read the data set without its junk
    distances = (1 - queries @ gallery.T)[:, kept]
    labels = query_ids, gallery_ids[kept], query_cameras, gallery_cameras[kept]
    found = [
        any(gallery_ids[g] == person and gallery_cameras[g] != camera for g in range(len(gallery_ids)))
        for person, camera in zip(query_ids, query_cameras, strict=True)
    ]
    assume(any(found))
    ours = image_to_image(*sides)
    curve, mean_precision = torchreid_market1501(distances.tolist(), *labels)
    for k in (1, 5, 10):
        assert ours.percent[f"R{k}"] == pytest.approx(100 * curve[min(k, len(curve)) - 1])
    assert ours.percent["mAP"] == pytest.approx(100 * mean_precision)
    *_, penalty = fastreid_market1501(distances.tolist(), *labels)
    assert ours.percent["mINP"] == pytest.approx(100 * penalty)
    assert (ours.queries, ours.skipped) == (sum(found), len(found) - sum(found))


@settings(deadline=None, max_examples=200)
@given(image_searches())
def test_text_search_equals_irra(sides):
    texts, text_ids, _, images, image_ids, _ = sides
    assume(np.isin(text_ids, image_ids).any())
    ours = text_to_image(texts, text_ids, images, image_ids).percent
    curve, mean_precision, penalty = irra_rank((texts @ images.T).tolist(), text_ids, image_ids)
    for k in (1, 5, 10):
        assert ours[f"R{k}"] == pytest.approx(curve[k - 1])
    assert (ours["mAP"], ours["mINP"]) == (pytest.approx(mean_precision), pytest.approx(penalty))


@settings(deadline=None, max_examples=50)
@given(image_searches())
def test_leave_one_out_equals_irra_without_the_query_itself(sides):
    *_, images, ids, _ = sides
    scores = images @ images.T
    rows = [
        irra_rank([np.delete(scores[q], q).tolist()], [ids[q]], np.delete(ids, q))
        for q in range(len(ids))
        if (np.delete(ids, q) == ids[q]).any()
    ]
    assume(rows)
    ours = Search(images, ids, images, ids, own=np.arange(len(ids))).result()
    assert ours.percent["mAP"] == pytest.approx(np.mean([precision for _, precision, _ in rows]))
    assert ours.percent["R1"] == pytest.approx(np.mean([curve[0] for curve, _, _ in rows]))
    assert ours.queries == len(rows)
