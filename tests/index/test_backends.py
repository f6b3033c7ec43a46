"""What every search backend promises, and what the gallery makes of one that is not exact."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.toy_gallery import TOY, embed, filled, loop, people, thumbnails
from textreid_index import BatchHits, Embeddings, Gallery, Hits, Where, backends
from textreid_index.backends import Accepted, Block, VectorBackend

NAMES = backends.names()

AXES = np.concatenate([np.eye(4), -np.eye(4)])
DIAGONALS = np.array(np.meshgrid(*[(-0.5, 0.5)] * 4)).reshape(4, -1).T
GRID = np.concatenate([AXES, DIAGONALS]).astype(np.float32)
"""24 unit vectors whose inner products are 0, 1/2 and 1 to the last bit: almost everything is a tie."""


def nobody_reads() -> list:
    raise AssertionError("read without being asked for")


def block(keys: list[int], vectors: np.ndarray) -> Block:
    return Block(np.array(keys, dtype=np.int64), np.ascontiguousarray(vectors), nobody_reads)


def accepted(keys: set[int] | None) -> Accepted | None:
    return None if keys is None else Accepted(Where(camera="any"), lambda: np.array(sorted(keys), np.int64))


def kind_of(name: str) -> type[VectorBackend]:
    return backends.resolve(name)[1]


@st.composite
def scenes(draw: st.DrawFn) -> tuple:
    """People added in blocks, some removed between them, a filter, queries on the grid, and k."""
    rows = draw(st.lists(st.integers(0, len(GRID) - 1), max_size=40))
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    gaps = draw(st.lists(st.integers(1, 1000), min_size=len(rows), max_size=len(rows)))
    keys = np.cumsum(gaps).tolist()
    gone = draw(st.sets(st.sampled_from(keys))) if keys else set()
    among = draw(st.none() | st.sets(st.sampled_from(keys))) if keys else None
    queries = draw(st.lists(st.integers(0, len(GRID) - 1), max_size=5))
    return rows, keys, cuts, gone, among, queries, draw(st.integers(1, 60))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(scene=scenes())
def test_proposes_the_best_as_a_loop_does(name: str, scene: tuple) -> None:
    rows, keys, cuts, gone, among, queries, k = scene
    backend = kind_of(name)(4)
    bounds = [0, *cuts, len(rows)]
    present: dict[int, np.ndarray] = {}
    for start, stop in pairwise(bounds):
        leaving = sorted(gone & set(present))
        if not backend.remove(np.array(leaving, dtype=np.int64)):
            backend = kind_of(name)(4)
            kept = {key: vector for key, vector in present.items() if key not in gone}
            backend.add(block(list(kept), np.array(list(kept.values()), np.float32).reshape(-1, 4)))
        present = {key: vector for key, vector in present.items() if key not in gone}
        new = {key: GRID[row] for key, row in zip(keys[start:stop], rows[start:stop], strict=True)}
        backend.add(block(list(new), np.array(list(new.values()), np.float32).reshape(-1, 4)))
        present |= new
    among = None if among is None else among & set(present)
    candidates = {key: vector for key, vector in present.items() if among is None or key in among}
    scores, found = backend.search(GRID[queries], k, accepted(among))
    assert (scores.dtype, found.dtype) == (np.float32, np.int64)
    assert scores.shape == found.shape
    for row, line, values in zip(queries, found, scores, strict=True):
        chosen = [key for key in line.tolist() if key >= 0]
        cosines = {key: float(np.dot(GRID[row], vector)) for key, vector in candidates.items()}
        assert len(set(chosen)) == len(chosen)
        assert set(chosen) <= set(candidates)
        assert values.tolist() == sorted(values.tolist(), reverse=True)
        if backend.exact:
            assert values.tolist() == sorted(cosines.values(), reverse=True)[:k]
            assert values.tolist() == [cosines[key] for key in chosen]


@pytest.mark.parametrize("name", [name for name in NAMES if kind_of(name).exact])
def test_is_congruent_with_numpy(name: str) -> None:
    """No ties, so the order is settled: the same keys, and scores within the rounding that is allowed."""
    vectors = embed([str(number) for number in range(700)], seed=3).vectors
    queries = embed(["a", "b", "c", "d", "e", "f"], seed=4).vectors
    keys = list(range(1, 1401, 2))
    answers = []
    for kind in (kind_of("exact"), kind_of(name)):
        backend = kind(TOY.dim)
        backend.add(block(keys[:500], vectors[:500]))
        backend.add(block(keys[500:], vectors[500:]))
        assert backend.remove(np.array(keys[::3], dtype=np.int64))
        for among in (None, set(keys[1::3]), set()):
            for k in (1, 20, 1000):
                answers.append(backend.search(queries, k, accepted(among)))
    for (scores, found), (others, other_keys) in zip(answers[:9], answers[9:], strict=True):
        assert np.array_equal(found, other_keys)
        np.testing.assert_allclose(scores, others, rtol=0, atol=TOY.dim * 2.0**-23)


@pytest.mark.parametrize("name", NAMES)
def test_a_filter_that_names_unknown_people_finds_nobody_for_them(name: str) -> None:
    backend = kind_of(name)(4)
    backend.add(block([2, 4, 6], GRID[:3]))
    assert backend.search(GRID[:1], 5, accepted({1, 3, 99}))[1].shape == (1, 0)
    assert backend.search(GRID[:1], 5, accepted({3, 6}))[1].tolist() == [[6]]


LOSSY = '''
import numpy as np
from textreid_index.backends import VectorBackend

class Backend(VectorBackend):
    """Loses every other person and calls all others equally good."""
    exact, asked = False, []
    def __init__(self, dim):
        self.keys = np.empty(0, np.int64)
    def add(self, block):
        self.keys = np.append(self.keys, block.keys[::2])
    def search(self, queries, k, accepted):
        self.asked.append(k)
        keys = self.keys if accepted is None else np.intersect1d(self.keys, accepted.keys)
        found = np.tile(keys[:k], (len(queries), 1))
        return np.zeros(found.shape, np.float32), found
'''

ELSEWHERE = '''
import numpy as np
from tests.helpers.toy_gallery import accepts
from textreid_index.backends import VectorBackend

class Backend(VectorBackend):
    """Stands for an engine on another machine: holds the records, filters by them, and counts its trips."""
    exact, trips = False, []
    def __init__(self, dim):
        self.people = {}
    def add(self, block):
        self.people |= dict(zip(block.keys.tolist(), zip(block.records, block.vectors)))
    def remove(self, keys):
        return all(self.people.pop(key) for key in keys.tolist())
    def search(self, queries, k, accepted):
        self.trips.append(len(queries))
        passing = {key: vector for key, (record, vector) in self.people.items()
                   if accepted is None or accepts(accepted.where, record)}
        scores = np.full((len(queries), k), np.nan, np.float32)
        keys = np.full((len(queries), k), -1)
        for query, line, row in zip(queries, scores, keys):
            best = sorted(((float(vector @ query), key) for key, vector in passing.items()), reverse=True)[:k]
            line[:len(best)], row[:len(best)] = [score for score, _ in best], [key for _, key in best]
        return scores, keys
'''


@pytest.fixture
def plugged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose files are backends too: no other file knows their names."""
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "lossy.py").write_text(LOSSY)
    (folder / "elsewhere.py").write_text(ELSEWHERE)
    monkeypatch.setattr(backends, "__path__", [*backends.__path__, str(folder)])
    importlib.invalidate_caches()
    yield folder
    for name in ("lossy", "elsewhere"):
        sys.modules.pop(f"textreid_index.backends.{name}", None)


def asked(name: str) -> list[int]:
    kind = kind_of(name)
    return kind.asked if name == "lossy" else kind.trips  # type: ignore[attr-defined]


def test_a_lossy_backend_is_asked_once_and_its_hits_say_so(
    tmp_path: Path, plugged_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100 people with one vector: an exact backend is asked until no tie can be left out."""
    records = people(100)
    vectors = np.repeat(embed(["one"]).vectors, 100, axis=0)
    queries = embed(["a", "b"], seed=3)
    with Gallery.open(tmp_path / "g", create=True, backend="lossy") as gallery:
        gallery.add(records, Embeddings(tuple(r.id for r in records), vectors, TOY), thumbnails(records))
        hits = gallery.search(queries, 7)
        assert asked("lossy") == [7 + 16]
        assert not hits.exact
        assert [row.exact for row in hits] == [False, False]
        assert [row.ids for row in hits] == [tuple(f"p{number:03}" for number in range(0, 14, 2))] * 2
        found = gallery.search(queries, 7, Where(camera="c1"))[0]
        assert len(asked("lossy")) == 2
        assert found.ids == ("p004", "p010", "p016", "p022", "p028", "p034", "p040")
        assert not found.exact
    exact, wanted = kind_of("exact"), []
    search = exact.search
    monkeypatch.setattr(exact, "search", lambda *args: wanted.append(args[2]) or search(*args))
    with Gallery.open(tmp_path / "g", backend="exact") as gallery:
        hits = gallery.search(queries, 7)
        assert wanted == [23, 92, 368]
        assert hits.exact
        assert all(row.exact for row in hits)


def test_scores_of_a_lossy_backend_are_exact(tmp_path: Path, plugged_in: Path) -> None:
    gallery, records, embeddings = filled(tmp_path / "g", 40, "lossy")
    query = embed(["q"], seed=5)
    with gallery:
        hits = gallery.search(query, 50)[0]
        assert [(hit.id, pytest.approx(hit.score, abs=1e-7)) for hit in hits] == loop(
            records[::2], embeddings.vectors[::2], query.vectors[0], 50, Where()
        )


def test_a_backend_that_cannot_remove_is_filled_anew(tmp_path: Path, plugged_in: Path) -> None:
    gallery, _, embeddings = filled(tmp_path / "g", 10, "lossy")
    with gallery:
        assert set(gallery.search(embeddings, 10)[0].ids) == {"p000", "p002", "p004", "p006", "p008"}
        gallery.delete(["p000"])
        assert set(gallery.search(embeddings, 10)[0].ids) == {"p001", "p003", "p005", "p007", "p009"}


def test_that_hits_are_not_exact_survives_what_is_made_of_them() -> None:
    hits = Hits(np.array([0.75, 0.5], np.float32), tuple(people(2)), exact=False)
    for made in (hits.first(1), hits.at_least(0.6), hits.take(np.array([1, 0]))):
        assert not made.exact
    assert Hits(hits.scores, hits.records).exact
    assert not BatchHits(("a", "b"), (hits, Hits(hits.scores, hits.records))).exact
    assert BatchHits((), ()).exact


def test_a_filter_goes_as_a_value_to_a_backend_that_translates_it(
    tmp_path: Path, plugged_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery, records, embeddings = filled(tmp_path / "g", 40, "elsewhere")
    queries = embed(["a", "b", "c"], seed=9)
    where = Where(camera="c1", until=1_700_000_020.0, exclude=frozenset(["p004"]))
    expected = [loop(records, embeddings.vectors, query, 5, where) for query in queries.vectors]
    with gallery:
        gallery.search(queries, 5)
        monkeypatch.setattr("textreid_index.store.people_table.keys", nobody_reads)
        hits = gallery.search(queries, 5, where)
        assert [[(hit.id, pytest.approx(hit.score, abs=1e-7)) for hit in row] for row in hits] == expected
        assert asked("elsewhere") == [3, 3]  # three queries in one trip
        assert [len(row) for row in gallery.search(queries, 99, where)] == [5, 5, 5]


def test_answers_of_different_lengths_make_a_table_with_gaps() -> None:
    first = Hits(np.array([0.75, 0.5], np.float32), tuple(people(2)), exact=False)
    hits = BatchHits(("a", "b"), (first, first.first(1)))
    assert hits.ids.tolist() == [["p000", "p001"], ["p000", None]]
    assert np.array_equal(hits.scores, np.array([[0.75, 0.5], [0.75, np.nan]], np.float32), equal_nan=True)
