"""Embeddings, records and hits are checked at birth and say what is wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.helpers.toy_gallery import TOY, embed, people, unit
from textreid_index import Cut, Embeddings, EncoderInfo, Hits, InvalidValueError, Record, SourceState


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.ones((2, 7), np.float32), r"shape \(2, 8\), got \(2, 7\)"),
        (np.ones((2, 8), np.float64), "float32 vectors, got float64"),
        (np.zeros((2, 8), np.float32), "'a' has length 0 instead of 1"),
        (np.array([[1, *[0] * 7], [np.nan] * 8], np.float32), "'b' has length nan"),
        (np.array([[1, *[0] * 7], [np.inf, *[0] * 7]], np.float32), "'b' has length inf"),
        (np.array([[1, *[0] * 7], [1.01, *[0] * 7]], np.float32), "'b' has length 1.01"),
    ],
)
def test_bad_vectors_are_refused(vectors: np.ndarray, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        Embeddings(("a", "b"), vectors, TOY)


def test_half_precision_norms_pass() -> None:
    rough = embed(["a", "b"]).vectors.astype(np.float16).astype(np.float32)
    assert len(Embeddings(("a", "b"), rough, TOY)) == 2


def test_no_vectors_are_fine() -> None:
    assert len(Embeddings((), np.empty((0, 8), np.float32), TOY)) == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"id": ""},
        {"source": "photos/\udcff.jpg"},
        {"camera": "\ud800"},
        {"box": (1.0, 2.0, 3.0)},
        {"box": (1.0, 2.0, 3.0, float("nan"))},
        {"time": float("inf")},
        {"time": 1e18},
        {"time": -1e11},
        {"offset": float("nan")},
    ],
)
def test_bad_records_are_refused(fields: dict) -> None:
    with pytest.raises(InvalidValueError):
        Record(**{"id": "a", "source": "a.jpg", **fields})


def test_bad_states_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="Unicode"):
        SourceState("photos/\udcff.jpg", 1, 1, "")
    with pytest.raises(InvalidValueError, match="'finished'"):
        SourceState("a.jpg", 1, 1, "", status="finished")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("time", "offset", "when"),
    [
        (0.0, None, "1970-01-01T00:00:00+00:00"),
        (1_700_000_000.25, 3.0, "2023-11-14T22:13:20.250+00:00"),
        (-1.0, None, "1969-12-31T23:59:59+00:00"),
        (None, 0.0, "0:00:00.0"),
        (None, 83.4, "0:01:23.4"),
        (None, 59.96, "0:01:00.0"),
        (None, 36_061.0, "10:01:01.0"),
        (None, None, None),
    ],
)
def test_when(time: float | None, offset: float | None, when: str | None) -> None:
    assert Record("a", "a.jpg", time=time, offset=offset).when == when


def test_hits_are_a_sequence_and_print_the_promised_keys() -> None:
    hits = Hits(np.array([0.75, 0.5], np.float32), tuple(people(2)))
    assert [(hit.rank, hit.score, hit.id) for hit in hits] == [(1, 0.75, "p000"), (2, 0.5, "p001")]
    assert hits[-1] == hits[1]
    assert hits[1:] == (hits[1],)
    assert hits.ids == ("p000", "p001")
    with pytest.raises(IndexError):
        hits[2]
    assert json.loads(json.dumps(hits.to_dicts()))[1] == {
        "rank": 2,
        "score": 0.5,
        "id": "p001",
        "source": "photos/p0.jpg",
        "box": [1.5, 2.0, 30.0, 90.0],
        "camera": "c1",
        "time": "2023-11-14T22:13:21+00:00",
    }


def test_hits_good_enough_keep_what_is_known_of_them() -> None:
    scores, chances = np.array([0.75, 0.5, 0.25], np.float32), np.array([0.9, 0.4, 0.1], np.float32)
    hits = Hits(scores, tuple(people(3)), matches=np.array([1, np.nan, 0], np.float32), probabilities=chances)
    assert [hit.probability for hit in hits] == [pytest.approx(chance) for chance in chances]
    good = hits.at_least(0.5)
    assert [(hit.rank, hit.id, hit.match) for hit in good] == [(1, "p000", 1.0), (2, "p001", None)]
    assert good.probabilities.tolist() == chances[:2].tolist()
    assert good.cut == Cut(needed=0.5, best=0.75)
    assert (len(hits.at_least(0.8)), hits.at_least(0.8).cut) == (0, Cut(0.8, 0.75))
    assert Hits(scores[:0], ()).at_least(0.5).cut == Cut(0.5, None)
    assert good.first(1).cut == good.cut
    assert hits.first(5).ids == hits.ids
    turned = hits.take(np.array([2, 0]))
    assert [(hit.rank, hit.id, hit.match) for hit in turned] == [(1, "p002", 0.0), (2, "p000", 1.0)]
    assert list(hits[1].to_dict())[-2:] == ["time", "probability"]


def test_encoder_reads_well() -> None:
    assert (
        str(EncoderInfo("pocket", "abcdef0123456789", 384))
        == "'pocket' (384 numbers, fingerprint abcdef012345)"
    )
    assert unit(np.ones((1, 4))).tolist() == [[0.5] * 4]
