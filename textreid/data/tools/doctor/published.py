"""A copy of a published data set that is not whole."""

from __future__ import annotations

from collections.abc import Iterator

from textreid.data import datasets
from textreid.data.tools.doctor.finding import Crops, Finding, known_people
from textreid.data.tools.doctor.split_counts import counts
from textreid.types import JUNK


def check_published(crops: Crops, dataset: str) -> Iterator[Finding]:
    """Counts that differ from the published ones."""
    found = {
        split: {"images": own["images"], "captions": own["captions"], "persons": own["people"]}
        for split, own in counts(crops).items()
    }
    if "query" in crops and "gallery" in crops:
        found["test"] = {
            "queries": len(crops["query"]),
            "gallery": sum(crop.person_id != JUNK for crop in crops["gallery"]),
            "persons": len(known_people("query", crops["query"])),
        }
    for split, published in datasets.published_counts(dataset).items():
        if split not in ("test", *datasets.disjoint_splits(dataset)):
            continue
        own = found.get(split, {})
        differences = [
            f"{own.get(name, 0):,} {name} instead of {number:,}"
            for name, number in published.items()
            if own.get(name, 0) != number
        ]
        if differences:
            yield Finding(
                "warning",
                f"'{split}' has {', '.join(differences)}.",
                "Unpack the data set again; numbers on a part of it cannot be compared with papers.",
            )
