from __future__ import annotations

import numpy as np
import pytest

from tests.helpers import ranking_oracles as oracles
from textreid.errors import InputError
from textreid.metrics.protocols import image_to_image, image_to_text, text_to_image


def unit(seed: int, ids: np.ndarray, dim: int = 6, spread: float = 1.0) -> np.ndarray:
    """[N, dim] unit vectors around one centre for each identity."""
    draw = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(100, dim))
    vectors = centres[ids] + spread * draw.normal(size=(len(ids), dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def slow_percent(scores, positive, junk):
    """The six metrics in percent, by the loops of `oracles`, and the number of queries they are over."""
    rows = [oracles.hits(*row) for row in zip(scores.tolist(), positive, junk, strict=True)]
    rows = [row for row in rows if any(row)]

    def mean(metric):
        return 100 * sum(metric(row) for row in rows) / len(rows)

    percent = {f"R{k}": mean(lambda row, k=k: oracles.rank_at(row, k)) for k in (1, 5, 10)}
    percent["mAP"], percent["mINP"] = mean(oracles.rectangle), mean(oracles.inp)
    percent["mAP_trapezoid"] = mean(oracles.trapezoid)
    return percent, len(rows)


@pytest.mark.parametrize("seed", range(5))
def test_both_text_directions_equal_slow_loops(seed):
    draw = np.random.default_rng(seed)
    text_ids, image_ids = draw.integers(0, 12, 60), draw.integers(0, 12, 35)  # 0 is a person here
    texts, images = unit(seed, text_ids), unit(seed + 50, image_ids)
    scores = texts @ images.T
    same = np.array([[t == i for i in image_ids] for t in text_ids])

    forward = text_to_image(texts, text_ids, images, image_ids)
    percent, queries = slow_percent(scores, same, np.zeros_like(same))
    assert forward.percent == pytest.approx(percent)
    assert (forward.queries, forward.gallery, forward.skipped) == (queries, 35, 60 - queries)

    back = image_to_text(images, image_ids, texts, text_ids)
    percent, queries = slow_percent(scores.T, same.T, np.zeros_like(same.T))
    assert back.percent == pytest.approx(percent)
    assert (back.queries, back.gallery, back.skipped) == (queries, 60, 35 - queries)


@pytest.mark.parametrize("seed", range(5))
def test_single_query_equals_slow_loops(seed):
    draw = np.random.default_rng(seed)
    query_ids, query_cameras = draw.integers(1, 9, 30), draw.integers(1, 4, 30)
    gallery_ids, gallery_cameras = draw.integers(-1, 9, 90), draw.integers(1, 4, 90)
    queries, gallery = unit(seed, query_ids), unit(seed + 50, gallery_ids)
    result = image_to_image(queries, query_ids, query_cameras, gallery, gallery_ids, gallery_cameras)

    positive = np.zeros((30, 90), bool)
    junk = np.zeros((30, 90), bool)
    for q in range(30):
        for g in range(90):
            same = query_ids[q] == gallery_ids[g]
            positive[q, g] = same and query_cameras[q] != gallery_cameras[g]
            junk[q, g] = gallery_ids[g] == -1 or (same and query_cameras[q] == gallery_cameras[g])
    percent, scored = slow_percent(queries @ gallery.T, positive, junk)
    assert result.percent == pytest.approx(percent)
    assert (result.queries, result.skipped) == (scored, 30 - scored)
    assert result.gallery == sum(person != -1 for person in gallery_ids)


def one_query(gallery_ids: list[int], gallery_cameras: list[int]) -> dict[str, float]:
    """Person 1 in camera 1 asks a gallery whose scores fall from the first place to the last."""
    angles = np.deg2rad(5 + 10 * np.arange(len(gallery_ids)))
    gallery = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    query = np.array([[1, 0]], np.float32)
    ids, cameras = np.array(gallery_ids), np.array(gallery_cameras)
    return image_to_image(query, np.array([1]), np.array([1]), gallery, ids, cameras).percent


def test_same_camera_and_junk_are_ignored():
    percent = one_query([1, -1, -1, 2, 1], [1, 2, 3, 2, 2])  # ranks that count: [2, 1] -> hit at 2
    assert (percent["R1"], percent["R5"], percent["mAP"]) == (0, 100, pytest.approx(50))


def test_distractors_stay():
    percent = one_query([0, 1, 0, 1], [1, 2, 2, 3])  # hits at ranks 2 and 4 of n = 2
    assert percent["mAP"] == pytest.approx(50)
    assert percent["mAP_trapezoid"] == pytest.approx(100 / 3)
    assert percent["mINP"] == pytest.approx(50)


def test_distractors_do_not_find_each_other():
    eye = np.eye(2, dtype=np.float32)
    result = image_to_image(eye, np.array([0, 1]), np.array([1, 1]), eye, np.array([0, 1]), np.array([2, 2]))
    assert (result.queries, result.skipped, result.gallery) == (1, 1, 2)


def test_another_person_in_the_same_camera_counts():
    assert one_query([2, 1], [1, 2])["R1"] == 0


def test_text_search_has_no_camera_rule():
    """The image that a caption was written for is a right answer."""
    eye = np.eye(2, dtype=np.float32)
    assert text_to_image(eye, np.array([0, 1]), eye, np.array([0, 1])).percent["R1"] == 100


def test_reranking_helps_clustered_people():
    ids = np.repeat(np.arange(1, 41), 8)
    cameras = np.tile(np.arange(8), 40)
    vectors = unit(0, ids, dim=32, spread=1.3)
    query = cameras == 0
    split = vectors[query], ids[query], cameras[query], vectors[~query], ids[~query], cameras[~query]
    plain, reranked = image_to_image(*split), image_to_image(*split, k_reciprocal=True)
    assert reranked.percent["mAP"] > plain.percent["mAP"] + 5
    assert (reranked.queries, reranked.gallery) == (plain.queries, plain.gallery) == (40, 280)


def test_the_old_name_of_k_reciprocal_reranking_is_refused() -> None:
    eye, one = np.eye(2, dtype=np.float32), np.array([0, 1])
    with pytest.raises(InputError, match="--k-reciprocal"):
        image_to_image(eye, one, one, eye, one, one[::-1], rerank=True)


def test_json_shape():
    eye = np.eye(3, dtype=np.float32)
    result = text_to_image(eye, np.array([1, 2, 9]), eye, np.array([1, 2, 3])).to_dict()
    assert {name: result[name] for name in ("R1", "R5", "R10", "mAP", "mINP")} == dict.fromkeys(
        ("R1", "R5", "R10", "mAP", "mINP"), 100.0
    )
    assert (result["queries"], result["gallery"], result["skipped"]) == (2, 3, 1)
    assert result["ci95"]["R1"] == [100.0, 100.0]


def test_refuses_what_cannot_be_measured():
    eye = np.eye(2, dtype=np.float32)
    with pytest.raises(InputError, match="No query has a right answer"):
        text_to_image(eye, np.array([1, 2]), eye, np.array([3, 4]))
    with pytest.raises(ValueError, match="2 vectors do not fit 3 persons"):
        text_to_image(eye, np.array([1, 2, 3]), eye, np.array([1, 2]))
