"""The evaluators of Torchreid, fast-reid and IRRA by their published definitions, in plain Python.

Each sorts every row and walks down it. Two things are left to chance in theirs and fixed here: the order of
equal scores (theirs depends on the sorting routine; here it is the gallery's), and a query without any right
answer under IRRA (theirs divides by zero; here it is left out, as Torchreid and fast-reid do).
"""

from __future__ import annotations


def torchreid_market1501(distances, query_ids, gallery_ids, query_cameras, gallery_cameras, max_rank=50):
    """`eval_market1501`: the cumulative match curve and mAP, shares of 1."""
    max_rank = min(max_rank, len(gallery_ids))
    curves, precisions = [], []
    for row, person, camera in zip(distances, query_ids, query_cameras, strict=True):
        order = sorted(range(len(row)), key=lambda place: (row[place], place))
        kept = [g for g in order if not (gallery_ids[g] == person and gallery_cameras[g] == camera)]
        hits = [int(gallery_ids[g] == person) for g in kept]
        if not any(hits):
            continue
        running = [sum(hits[: place + 1]) for place in range(len(hits))]
        curve = [min(1, count) for count in running]
        curves.append((curve + [1] * max_rank)[:max_rank])
        terms = [hit * count / place for place, (hit, count) in enumerate(zip(hits, running, strict=True), 1)]
        precisions.append(sum(terms) / sum(hits))
    return [sum(column) / len(curves) for column in zip(*curves, strict=True)], _mean(precisions)


def fastreid_market1501(distances, query_ids, gallery_ids, query_cameras, gallery_cameras, max_rank=50):
    """`eval_market1501` of fast-reid: as Torchreid's, and mINP."""
    curve, mean_precision = torchreid_market1501(
        distances, query_ids, gallery_ids, query_cameras, gallery_cameras, max_rank
    )
    penalties = []
    for row, person, camera in zip(distances, query_ids, query_cameras, strict=True):
        order = sorted(range(len(row)), key=lambda place: (row[place], place))
        kept = [g for g in order if not (gallery_ids[g] == person and gallery_cameras[g] == camera)]
        running, last = 0, None
        for place, g in enumerate(kept):
            if gallery_ids[g] == person:
                running, last = running + 1, place
        if last is not None:
            penalties.append(running / (last + 1.0))
    return curve, mean_precision, _mean(penalties)


def irra_rank(similarity, query_ids, gallery_ids, max_rank=10):
    """`rank` of IRRA: curve, mAP and mINP in percent, without any camera rule."""
    matches = []
    for row, person in zip(similarity, query_ids, strict=True):
        order = sorted(range(len(row)), key=lambda place: (-row[place], place))
        hits = [int(gallery_ids[g] == person) for g in order]
        if any(hits):
            matches.append(hits)
    curve = [100 * _mean([min(1, sum(hits[: k + 1])) for hits in matches]) for k in range(max_rank)]
    penalties, precisions = [], []
    for hits in matches:
        last = max(place for place, hit in enumerate(hits) if hit)
        penalties.append(sum(hits[: last + 1]) / (last + 1.0))
        terms = [sum(hits[: place + 1]) / (place + 1.0) * hit for place, hit in enumerate(hits)]
        precisions.append(sum(terms) / sum(hits))
    return curve, 100 * _mean(precisions), 100 * _mean(penalties)


def _mean(values):
    return sum(values) / len(values)
