"""Who is in which split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from textreid.data.tools.doctor.finding import Crops, Finding, images_of, known_people, some
from textreid.types import DISTRACTOR, PersonCrop

TRAINING = ("train",)


def check_people(crops: Crops, *, closed: bool = False) -> Iterator[Finding]:
    """People in two splits, people with one image, splits that do not know each other.

    `closed`: it is meant so that the same classes are learned and tested.
    """
    persons = {split: known_people(split, own) for split, own in crops.items()}
    learned = set().union(*(persons[split] for split in persons if split in TRAINING))
    for split, known in persons.items():
        both = learned & known
        if split not in TRAINING and both and not closed:
            yield Finding(
                "warning" if split == "val" else "fatal",
                f"{len(both)} people are in 'train' and in '{split}': {some(both)}.",
                "Move each person into one split: a model is measured on strangers.",
                images_of(crop for own in (crops["train"], crops[split]) for crop in _first_of(own, both)),
            )
        images = Counter(crop.person_id for crop in crops[split])
        alone = [person for person in sorted(known) if images[person] == 1]
        if split in TRAINING and len(alone) > len(known) / 2:
            yield Finding(
                "warning",
                f"{len(alone)} of {len(known)} people of '{split}' have one image: {some(alone)}.",
                "Add images of the same people: there is nothing to pull together in one.",
            )
        if split in TRAINING and len(known) < 2:
            yield Finding(
                "fatal",
                f"'{split}' has {len(known)} person.",
                "Name at least two people; check that the folder or the column 'person' says who is who.",
            )
    if DISTRACTOR in persons.get("query", ()):
        yield Finding(
            "warning",
            "Person 0 is in 'query', and is never searched for: in 'gallery' 0 marks people nobody asks for.",
            "Number people from 1.",
        )
    if persons.get("query") and not persons["query"] & persons.get("gallery", set()):
        yield Finding(
            "fatal",
            f"Nobody of 'query' is in 'gallery': {some(persons['query'])} against"
            f" {some(persons.get('gallery', set()))}.",
            "Give the same person the same name in both splits.",
        )


def _first_of(own: Sequence[PersonCrop], people: set[int]) -> list[PersonCrop]:
    """One image of the first of these people."""
    first = min(people)
    return [crop for crop in own if crop.person_id == first][:1]
