"""The evaluations of Torchreid, fast-reid and IRRA, and dense re-ranking, as those programs carry them out.

Written from their definitions for a comparison of times: full matrices, every row sorted, a step a query.
Equal scores keep the gallery's order.
"""

from __future__ import annotations

import numpy as np
import torch

Labels = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Persons of queries and gallery, cameras of queries and gallery."""


def torchreid(distances: np.ndarray, labels: Labels) -> dict[str, float]:
    """The Python evaluation of Torchreid: sort the matrix, then for each query drop its own view and walk."""
    query_ids, gallery_ids, query_cameras, gallery_cameras = labels
    order = np.argsort(distances, axis=1, kind="stable")
    matches = (gallery_ids[order] == query_ids[:, None]).astype(np.int32)
    curves, precisions = [], []
    for query, (person, camera) in enumerate(zip(query_ids, query_cameras, strict=True)):
        mine = order[query]
        kept = ~((gallery_ids[mine] == person) & (gallery_cameras[mine] == camera))
        hits = matches[query][kept]
        if not hits.any():
            continue
        curves.append(np.minimum(hits.cumsum(), 1)[:50])
        running = [count / (place + 1.0) for place, count in enumerate(hits.cumsum())]
        precisions.append((np.asarray(running) * hits).sum() / hits.sum())
    curve = np.asarray(curves, np.float32).mean(axis=0)
    return _percent(curve, precisions)


def fastreid(distances: np.ndarray, labels: Labels) -> dict[str, float]:
    """The Python evaluation of fast-reid: a sort a query, vectorised precision, and mINP."""
    query_ids, gallery_ids, query_cameras, gallery_cameras = labels
    curves, precisions, penalties = [], [], []
    for row, person, camera in zip(distances, query_ids, query_cameras, strict=True):
        order = np.argsort(row, kind="stable")
        kept = ~((gallery_ids[order] == person) & (gallery_cameras[order] == camera))
        hits = (gallery_ids[order] == person)[kept].astype(np.int32)
        if not hits.any():
            continue
        running = hits.cumsum()
        last = np.flatnonzero(hits)[-1]
        penalties.append(running[last] / (last + 1.0))
        curves.append(np.minimum(running, 1)[:50])
        precisions.append((running / (np.arange(len(hits)) + 1.0) * hits).sum() / hits.sum())
    curve = np.asarray(curves, np.float32).mean(axis=0)
    return _percent(curve, precisions) | {"mINP": 100 * float(np.mean(penalties))}


def irra(similarity: torch.Tensor, query_ids: torch.Tensor, gallery_ids: torch.Tensor) -> dict[str, float]:
    """IRRA's `rank`: all of it on whole matrices in torch."""
    order = torch.argsort(similarity, dim=1, descending=True, stable=True)
    matches = gallery_ids[order] == query_ids[:, None]
    running = matches.cumsum(dim=1)
    curve = running[:, :10].clamp(max=1).float().mean(dim=0)
    lasts = [row.nonzero()[-1] for row in matches]
    penalties = [running[query][last] / (last + 1.0) for query, last in enumerate(lasts)]
    columns = [running[:, place] / (place + 1.0) for place in range(running.shape[1])]
    precision = (torch.stack(columns, dim=1) * matches).sum(dim=1) / matches.sum(dim=1)
    return _percent(curve.numpy(), precision.numpy()) | {"mINP": 100 * float(torch.cat(penalties).mean())}


def dense_rerank(queries: np.ndarray, gallery: np.ndarray, k1: int = 20, k2: int = 6) -> np.ndarray:
    """k-reciprocal re-ranking on full [N, N] matrices, λ = 0.3: [Q, G] distances."""
    everything = np.concatenate([queries, gallery])
    count = len(everything)
    distances = np.maximum(2 - 2 * everything @ everything.T, 0)
    np.fill_diagonal(distances, 0)
    distances = distances / distances.max(axis=1, keepdims=True)
    order = np.argsort(distances, axis=1)
    encoded = np.zeros_like(distances)

    def reciprocal(person: int, k: int) -> np.ndarray:
        forward = order[person, : k + 1]
        return forward[(order[forward, : k + 1] == person).any(axis=1)]

    for person in range(count):
        first = reciprocal(person, k1)
        members = first
        for candidate in first:
            theirs = reciprocal(candidate, round(k1 / 2))
            if 3 * len(np.intersect1d(theirs, first)) > 2 * len(theirs):
                members = np.append(members, theirs)
        members = np.unique(members)
        kernel = np.exp(-distances[person, members])
        encoded[person, members] = kernel / kernel.sum()
    encoded = np.stack([encoded[order[person, :k2]].mean(axis=0) for person in range(count)])
    holders = [np.flatnonzero(encoded[:, column]) for column in range(count)]
    jaccard = np.empty((len(queries), count), np.float32)
    for query in range(len(queries)):
        shared = np.zeros(count, np.float32)
        for column in np.flatnonzero(encoded[query]):
            shared[holders[column]] += np.minimum(encoded[query, column], encoded[holders[column], column])
        jaccard[query] = 1 - shared / (2 - shared)
    blended = 0.7 * jaccard + 0.3 * distances[: len(queries)]
    return blended[:, len(queries) :]


def _percent(curve: np.ndarray, precisions: object) -> dict[str, float]:
    return {
        **{f"R{k}": 100 * float(curve[k - 1]) for k in (1, 5, 10)},
        "mAP": 100 * float(np.mean(precisions)),  # type: ignore[arg-type]
    }
