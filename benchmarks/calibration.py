"""Try a model's calibration on persons it was not fitted on; write its result file and a reliability diagram.

    python benchmarks/calibration.py --root data

`--root` holds CUHK-PEDES/ and Market-1501-v15.09.15/. Half of the persons fit, the other half is searched in
galleries of several sizes; means over both ways and several drawings of the halves. Beside the thresholds of
`textreid calibrate` stand two others: of independent pairs, 1 - (1 - p)^N, and of a table that ends at a
tenth of the gallery. Nothing is written into the model's folder. The diagram (docs/images/reliability.png)
shows, of the images that are given a probability of 1 % and more, how many of each tenth are right.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from textreid.evaluate import (
    FALSE_ALARM_RATES,
    GALLERY_SIZES,
    IMAGE_TO_IMAGE,
    TEXT_TO_IMAGE,
    Benchmark,
    check_calibration,
    encode_directions,
    fit_scale,
    halve_persons,
    weigh_pairs,
)
from textreid.inference import Encoder, Scale
from textreid.metrics import BINS, CENTRES, Search, Tally, reliability, tally
from textreid.training import Curve, draw_curves

RESULTS = Path(__file__).parent / "results" / "calibration.json"
DIAGRAM = Path(__file__).parents[1] / "docs" / "images" / "reliability.png"
KINDS = {TEXT_TO_IMAGE: "by description", IMAGE_TO_IMAGE: "by photo"}
TENTHS = 10
RUNS = (("cuhk-pedes", "val", TEXT_TO_IMAGE), ("market1501", "test", IMAGE_TO_IMAGE))
SEEDS = range(5)


@dataclass(frozen=True)
class Fold:
    """One half of the persons fitted on, and the pairs of the other half."""

    scale: Scale
    pairs: Tally
    counted: Tally


def measure(search: Search, data: str) -> dict[str, Any]:
    """What calibration promises and what it keeps, by size of the gallery."""
    drawn = [check_calibration(search, data, seed=seed) for seed in SEEDS]
    folds = [fold for seed in SEEDS for fold in _folds(search, data, seed)]
    others = [dict(_others(fold)) for fold in folds]
    return {
        "queries": len(search.queries),
        "gallery": len(search.gallery),
        "persons": len(np.unique(search.query_ids)),
        "rates": list(FALSE_ALARM_RATES),
        "sizes": [
            {
                **_mean([trial.to_dict() for trial in same_size]),
                "size": same_size[0].size,
                "realised_sd": _round(np.std([trial.realised for trial in same_size], axis=0)),
                **_mean([fold[same_size[0].size] for fold in others]),
                "reliability": _reliability(folds, same_size[0].size),
            }
            for same_size in zip(*drawn, strict=True)
        ],
    }


def _folds(search: Search, data: str, seed: int) -> Iterator[Fold]:
    parts = halve_persons(search, seed)
    for known, other in (parts, parts[::-1]):
        yield Fold(fit_scale(known, data), tally(known, [1]), tally(other, GALLERY_SIZES))


def _reliability(folds: list[Fold], size: int) -> list[dict[str, float]]:
    """For each tenth of the probability what is claimed, what is right, and its share of all pairs."""
    claimed, right, mass = sum(
        reliability(*weigh_pairs(fold.scale.probabilities(CENTRES, size), fold.counted, size), TENTHS)
        for fold in folds
    )
    return [
        {"claimed": _round(c / m), "right": _round(r / m), "share": _round(m / mass.sum())}
        for c, r, m in zip(claimed, right, mass, strict=True)
        if m
    ]


def draw(results: dict[str, Any]) -> None:
    """One panel a kind of search: across what is claimed, upwards what is right."""
    panels: dict[str, dict[str, Curve]] = {}
    for direction, kind in KINDS.items():
        curves = {
            f"among {row['size']:,}": [(tenth["claimed"], tenth["right"]) for tenth in row["reliability"]]
            for row in results[direction]["sizes"]
        }
        panels[f"{kind}: probability that is claimed, and share that is right"] = curves | {
            "as claimed": [(0.0, 0.0), (1.0, 1.0)]
        }
    draw_curves(panels, DIAGRAM)


def _others(fold: Fold) -> Iterator[tuple[int, dict[str, Any]]]:
    """Realised false alarms of the two other thresholds."""
    scale, pairs, counted = fold.scale, fold.pairs, fold.counted
    tail = np.append(np.cumsum(pairs.wrong[::-1])[::-1] / pairs.wrong.sum(), 0)
    edges = np.append(CENTRES - 1 / BINS, 1.0)
    for number, size in enumerate(GALLERY_SIZES):
        short = sum(known_size <= size / 10 for known_size in scale.sizes)
        independent = [edges[np.argmax(tail <= 1 - (1 - rate) ** (1 / size))] for rate in FALSE_ALARM_RATES]
        found = {"independent": independent}
        if short > 1:
            cut = replace(scale, sizes=scale.sizes[:short], thresholds=scale.thresholds[:short])
            found["extrapolated"] = [cut.threshold(rate, size) for rate in FALSE_ALARM_RATES]
        yield (
            size,
            {
                f"realised_{how}": [counted.passing(t)[number] for t in scores]
                for how, scores in found.items()
            },
        )


def _mean(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: _round(np.mean([row[name] for row in rows], axis=0)) for name in rows[0]}


def _round(values: Any) -> Any:
    return np.round(values, 4).tolist()


def main() -> None:
    """Encode, measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--root", type=Path, required=True, help="holds CUHK-PEDES/ and Market-1501-v15.09.15/"
    )
    parser.add_argument("--model", default="pocket", help="a model's name or folder")
    given = parser.parse_args()
    encoder = Encoder.load(given.model)
    results: dict[str, Any] = {"model": encoder.info.name, "fingerprint": encoder.info.fingerprint}
    for dataset, split, direction in RUNS:
        benchmark = Benchmark.read(dataset, given.root, split)
        search = encode_directions(encoder, benchmark, [direction], lambda *_: None)[direction].search
        results[direction] = {"data": f"{dataset} {split}", **measure(search, f"{dataset} {split}")}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    draw(results)
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
