"""Both backends give what a plain loop gives: ties, filters, k beyond the end, after every kind of change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.toy_gallery import TOY, accepts, embed, fill, filled, loop, people, thumbnails, unit
from textreid_index import (
    Embeddings,
    EncoderInfo,
    EncoderMismatchError,
    Gallery,
    InvalidValueError,
    Record,
    Where,
)

BACKENDS = ("exact", "flat")


def found(
    gallery: Gallery, queries: Embeddings, k: int, where: Where | None = None
) -> list[list[tuple[str, float]]]:
    return [
        [(hit.id, pytest.approx(hit.score, abs=1e-7)) for hit in hits]
        for hits in gallery.search(queries, k, where)
    ]


wheres = st.builds(
    Where,
    camera=st.sampled_from([None, "c0", "c1", "nowhere"]),
    since=st.sampled_from([None, 1_700_000_005.0]),
    until=st.sampled_from([None, 1_700_000_020.0]),
    offset_since=st.sampled_from([None, 12.0]),
    offset_until=st.sampled_from([None, 25.0]),
    source=st.sampled_from([None, "photos", "photos/", "photos/p1.jpg", "photo", "photos/p"]),
    exclude=st.sets(st.sampled_from(["p001", "p012", "p013", "x' OR 1=1 --"])),
)


@pytest.fixture(scope="module", params=BACKENDS)
def forty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Forty people, many with equal vectors."""
    gallery = Gallery.open(tmp_path_factory.mktemp("forty") / "g", create=True, backend=request.param)
    records = people(40)[::-1]
    rows = np.random.default_rng(1).integers(-1, 2, (40, 8)) + np.eye(8)[np.arange(40) % 4] * 3
    embeddings = Embeddings(tuple(record.id for record in records), unit(rows[np.arange(40) // 3]), TOY)
    gallery.add(records, embeddings, thumbnails(records))
    with gallery:
        yield gallery, records, embeddings


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(k=st.integers(1, 50), where=wheres, count=st.integers(0, 5))
def test_equals_a_loop(forty: Any, k: int, where: Where, count: int) -> None:
    gallery, records, embeddings = forty
    queries = embed([f"q{number}" for number in range(count)], seed=k)
    expected = [loop(records, embeddings.vectors, query, k, where) for query in queries.vectors]
    assert found(gallery, queries, k, where) == expected
    assert gallery.count(where) == sum(accepts(where, record) for record in records)


@pytest.mark.parametrize("backend", BACKENDS)
def test_ties_at_rank_k_are_settled_by_id(tmp_path: Path, backend: str) -> None:
    """500 people with one vector: far more ties than candidates asked for at first."""
    records = people(500)
    shuffled = [records[place] for place in np.random.default_rng(0).permutation(500)]
    vectors = np.repeat(embed(["one"]).vectors, 500, axis=0)
    with Gallery.open(tmp_path / "g", create=True, backend=backend) as gallery:
        gallery.add(shuffled, Embeddings(tuple(r.id for r in shuffled), vectors, TOY), thumbnails(shuffled))
        hits = gallery.search(embed(["a", "b"], seed=3), 7)
        assert [row.ids for row in hits] == [tuple(f"p{number:03}" for number in range(7))] * 2


def test_backends_agree_to_the_last_bit(tmp_path: Path) -> None:
    wide = EncoderInfo("wide", "1", 384)
    records = people(3000)
    queries = embed([f"q{number}" for number in range(70)], seed=5, encoder=wide)
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        gallery.add(records, embed([r.id for r in records], encoder=wide), thumbnails(records))
    answers = []
    for backend in BACKENDS:
        with Gallery.open(tmp_path / "g", backend=backend) as gallery:
            assert gallery.backend_name == backend
            answers.append([gallery.search(queries, 20, where) for where in (None, Where(camera="c1"))])
            single = gallery.search(Embeddings(queries.ids[:1], queries.vectors[:1], wide), 20)
            assert single[0].to_dicts() == answers[-1][0][0].to_dicts()
    for exact, flat in zip(*answers, strict=True):
        assert np.array_equal(exact.scores, flat.scores)
        assert np.array_equal(exact.ids, flat.ids)
        assert flat.scores.shape == (70, 20)


@pytest.mark.parametrize("backend", BACKENDS)
def test_follows_every_kind_of_change(tmp_path: Path, backend: str) -> None:
    """Two handles stay equal to a loop over what should be there, whichever of them changes it."""
    rng = np.random.default_rng(0)
    expected: dict[str, tuple[Record, np.ndarray]] = {}
    queries = embed(["q0", "q1", "q2"], seed=99)
    writer = Gallery.open(tmp_path / "g", create=True, backend=backend)
    reader = Gallery.open(tmp_path / "g", backend=backend)
    with writer, reader:
        for step in range(25):
            batch = people(12, prefix=f"b{rng.integers(6)}-")  # prefixes repeat: known ids are replaced
            embeddings = fill(writer, batch, seed=step)
            expected |= {r.id: (r, v) for r, v in zip(batch, embeddings.vectors, strict=True)}
            gone: set[str] = set()
            if step % 3 == 1:
                gone = set(rng.choice(sorted(expected), 5, replace=False))
                assert writer.delete([*gone, "nobody"]) == 5
            elif step % 3 == 2:
                source = next(iter(expected.values()))[0].source
                gone = {id for id, (record, _) in expected.items() if record.source == source}
                assert writer.forget(source) == len(gone)
            expected = {id: pair for id, pair in expected.items() if id not in gone}
            records, vectors = [r for r, _ in expected.values()], [v for _, v in expected.values()]
            for gallery in (writer, reader):
                assert len(gallery) == len(expected)
                assert found(gallery, queries, 9) == [
                    loop(records, np.array(vectors), query, 9, Where()) for query in queries.vectors
                ]


@pytest.mark.parametrize("backend", BACKENDS)
def test_nobody_to_find(tmp_path: Path, backend: str) -> None:
    queries = embed(["a", "b"])
    with Gallery.open(tmp_path / "g", create=True, backend=backend) as gallery:
        assert gallery.encoder is None
        assert [len(hits) for hits in gallery.search(queries, 5, Where(camera="c0"))] == [0, 0]
        fill(gallery, people(4))
        assert gallery.search(queries, 5, Where(camera="nowhere")).scores.shape == (2, 0)
        assert len(gallery.search(embed([]), 5)) == 0
        gallery.delete([record.id for record in people(4)])
        assert gallery.search(queries, 5).ids.shape == (2, 0)
        fill(gallery, people(3))
        assert gallery.search(queries, 5).ids.shape == (2, 3)


@pytest.mark.parametrize("k", [0, -1])
def test_k_must_be_positive(tmp_path: Path, k: int) -> None:
    gallery, _, embeddings = filled(tmp_path / "g", 3)
    with gallery, pytest.raises(InvalidValueError, match="at least 1"):
        gallery.search(embeddings, k)


def test_vectors_of_another_encoder_are_refused_with_both_names(tmp_path: Path) -> None:
    other = EncoderInfo("other", "fedcba9876543210", 8)
    retrained = EncoderInfo("toy", "retrained", 8)
    gallery, records, _ = filled(tmp_path / "g", 3)
    with gallery:
        for encoder in (other, retrained):
            queries = embed([r.id for r in records], encoder=encoder)
            with pytest.raises(
                EncoderMismatchError,
                match=f"'toy'.*0123456789ab.*'{encoder.name}'.*{encoder.fingerprint[:9]}",
            ):
                gallery.search(queries, 1)
            named = "--model toy" if encoder is other else "--model NAME, the folder of the first"
            with pytest.raises(EncoderMismatchError, match=named):
                gallery.add(records, queries, thumbnails(records))
        assert len(gallery) == 3


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_emptied_gallery_accepts_another_encoder(tmp_path: Path, backend: str) -> None:
    wider = EncoderInfo("wider", "1", 16)
    gallery, records, embeddings = filled(tmp_path / "g", 3, backend)
    ids = [record.id for record in records]
    with gallery, Gallery.open(tmp_path / "g", backend=backend) as reader:
        assert len(reader.search(embeddings, 1)) == 3
        gallery.delete(ids)
        gallery.add(records, embed(ids, encoder=wider), thumbnails(records))
        assert gallery.encoder == reader.encoder == wider
        assert [hits.ids[0] for hits in reader.search(embed(ids, encoder=wider), 1)] == ids
