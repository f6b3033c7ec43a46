"""The definitions, one query at a time, over plain sorted Python lists."""

from __future__ import annotations

import math


def ranking(scores, junk):
    """Gallery places by descending score, equal scores in gallery order, junk left out."""
    order = sorted(range(len(scores)), key=lambda place: (-scores[place], place))
    return [place for place in order if not junk[place]]


def hits(scores, positive, junk):
    return [bool(positive[place]) for place in ranking(scores, junk)]


def rank_at(found, k):
    return 1.0 if any(found[:k]) else 0.0


def rectangle(found):
    total, right = 0.0, 0
    for place, hit in enumerate(found, start=1):
        if hit:
            right += 1
            total += right / place
    return total / right


def trapezoid(found):
    """The walk of the Market-1501 toolkit's compute_AP: recall and precision after every single item."""
    wanted = sum(found)
    area, old_recall, old_precision, right = 0.0, 0.0, 1.0, 0
    for place, hit in enumerate(found, start=1):
        right += hit
        recall, precision = right / wanted, right / place
        area += (recall - old_recall) * (old_precision + precision) / 2
        old_recall, old_precision = recall, precision
    return area


def inp(found):
    last = max(place for place, hit in enumerate(found, start=1) if hit)
    return sum(found) / last


def neighbourhood_rows(vectors, k1, k2):
    """Steps 1 to 4 of Zhong et al. 2017 on dense Python lists: scaled distances and expanded rows."""
    n = len(vectors)
    distance = [[0.0 if i == j else _squared(vectors[i], vectors[j]) for j in range(n)] for i in range(n)]
    scaled = [[value / max(row) for value in row] for row in distance]
    nearest = [sorted(range(n), key=lambda j, i=i: (j != i, scaled[i][j], j)) for i in range(n)]

    def reciprocal(p, k):
        return {g for g in nearest[p][: k + 1] if p in nearest[g][: k + 1]}

    def robust(p):
        first = reciprocal(p, k1)
        joined = set(first)
        for candidate in first:
            theirs = reciprocal(candidate, round(k1 / 2))
            if 3 * len(theirs & first) > 2 * len(theirs):
                joined |= theirs
        return joined

    encoded = []
    for p in range(n):
        members = robust(p)
        kernel = [math.exp(-scaled[p][g]) if g in members else 0.0 for g in range(n)]
        encoded.append([value / sum(kernel) for value in kernel])
    expanded = [
        [sum(encoded[g][j] for g in nearest[p][:k2]) / len(nearest[p][:k2]) for j in range(n)]
        for p in range(n)
    ]
    return scaled, expanded


def rerank(vectors, queries, k1, k2, weight):
    """Zhong et al. 2017 on dense Python lists: scores[q][g] = 1 - final distance."""
    n = len(vectors)
    scaled, expanded = neighbourhood_rows(vectors, k1, k2)

    def jaccard(a, b):
        smaller = sum(min(x, y) for x, y in zip(a, b, strict=True))
        larger = sum(max(x, y) for x, y in zip(a, b, strict=True))
        return 1 - smaller / larger

    return [
        [
            1 - (1 - weight) * jaccard(expanded[q], expanded[g]) - weight * scaled[q][g]
            for g in range(queries, n)
        ]
        for q in range(queries)
    ]


def _squared(a, b):
    return sum((float(x) - float(y)) ** 2 for x, y in zip(a, b, strict=True))


def cross_rerank(queries, gallery, k1, k2, weight):
    """The gallery-side variant on dense lists: V(g) among the gallery alone, V(q) of the nearest."""
    n = len(gallery)
    _, expanded = neighbourhood_rows(gallery, k1, k2)
    scores = []
    for query in queries:
        distance = [_squared(query, other) for other in gallery]
        scaled = [value / max(distance) for value in distance]
        order = sorted(range(n), key=lambda j, d=distance: (d[j], j))
        kernel = [math.exp(-scaled[g]) if g in order[:k1] else 0.0 for g in range(n)]
        own = [value / sum(kernel) for value in kernel]
        rows = [own, *(expanded[g] for g in order[: k2 - 1])]
        mine = [sum(row[j] for row in rows) / len(rows) for j in range(n)]
        scores.append([])
        for g in range(n):
            smaller = sum(map(min, mine, expanded[g]))
            larger = sum(map(max, mine, expanded[g]))
            scores[-1].append(1 - (1 - weight) * (1 - smaller / larger) - weight * scaled[g])
    return scores
