"""The people nearest to a query: a backend proposes them, the gallery's own vectors decide."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import numpy as np

from textreid_index.backends import Accepted, VectorBackend
from textreid_index.hits import Hits
from textreid_index.store import blobs
from textreid_index.store import people_table as people

SPARE = 16
"""Candidates asked for beyond k, so that one round nearly always settles ties at rank k."""

ROWS_AT_ONCE = 8192


def find_nearest(
    db: sqlite3.Connection, backend: VectorBackend, queries: np.ndarray, k: int, accepted: Accepted | None
) -> list[Hits]:
    """The k best people for each query, by score and then by id.

    Candidates are scored anew, in float64 and from the vectors in the gallery, so that a score is the same to
    the last bit whatever proposed the person. An exact backend is asked for more while somebody whom it left
    out could still belong among the k; any other is asked once.

    Args:
        db: a read transaction of the moment that the backend was filled from.
        backend: filled with the gallery's people.
        queries: [Q, D] float32 of unit norm.
        k: people for each query.
        accepted: whom to consider; None: everybody.

    Raises:
        GalleryDamagedError: a stored vector or record changed since it was written.
    """
    rounding = queries.shape[1] * float(np.finfo(np.float32).eps)
    settled: dict[int, Hits] = {}
    wanted = k + SPARE
    while open_queries := [place for place in range(len(queries)) if place not in settled]:
        rough, keys = backend.search(np.ascontiguousarray(queries[open_queries]), wanted, accepted)
        answers = _order(db, queries[open_queries], keys, k, backend.exact)
        for place, hits, proposed in zip(open_queries, answers, rough, strict=True):
            everybody = len(proposed) < wanted
            if not backend.exact or everybody or proposed[-1] < hits.scores[-1] - rounding:
                settled[place] = replace(hits, scores=hits.scores.clip(-1, 1))
        wanted *= 4
    return [settled[place] for place in range(len(queries))]


def _order(db: sqlite3.Connection, queries: np.ndarray, keys: np.ndarray, k: int, exact: bool) -> list[Hits]:
    """The k best of the candidates [Q, m] of each query; the key -1 is nobody."""
    known = np.unique(keys[keys >= 0])
    vectors = blobs.read_vectors(db, known.tolist(), queries.shape[1])
    leading = []
    for query, proposed in zip(queries, keys, strict=True):
        candidates = proposed[proposed >= 0]
        leading.append(_leading(candidates, _scores(vectors, np.searchsorted(known, candidates), query), k))
    records = people.read_records(db, list({key for keys, _ in leading for key in keys.tolist()}))
    answers = []
    for candidates, scores in leading:
        found = [records[key] for key in candidates.tolist()]
        best = np.lexsort((np.array([person.id for person in found]), -scores))[:k]
        answers.append(Hits(scores[best], tuple(found[row] for row in best), exact=exact))
    return answers


def _leading(keys: np.ndarray, scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Of the candidates [M] and their scores those who may be among the k best: all that tie at rank k."""
    if len(keys) <= k:
        return keys, scores
    leads = scores >= np.partition(scores, -k)[-k]
    return keys[leads], scores[leads]


def _scores(vectors: np.ndarray, rows: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Inner products [M] float32 with some rows, summed in float64 and in the same order each time."""
    blocks = np.split(rows, range(ROWS_AT_ONCE, len(rows), ROWS_AT_ONCE))
    exact = [(vectors[block] * query.astype(np.float64)).sum(axis=1) for block in blocks]
    return np.concatenate(exact).astype(np.float32)
