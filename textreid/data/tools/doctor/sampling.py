"""People of very different size: what an epoch of training shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from textreid.data.samplers import IdentitySampler
from textreid.data.tools.doctor.finding import Crops, Finding, known_people
from textreid.data.training_set import contiguous_labels
from textreid.recipe.data import SamplerRecipe


def check_sampling(crops: Crops) -> Iterator[Finding]:
    """Training images of which an epoch shows only a part."""
    own, batch = crops.get("train", ()), SamplerRecipe()
    people = known_people("train", own)
    if len(people) < 2:
        return
    identities = min(batch.identities, len(people))
    labels = contiguous_labels(own, [0] * len(own))
    sampler = IdentitySampler(labels, identities=identities, images=batch.images)
    if sampler.is_lopsided:
        person, most = Counter(label for label in labels if label >= 0).most_common(1)[0]
        name = next(crop.person_id for crop, label in zip(own, labels, strict=True) if label == person)
        yield Finding(
            "warning",
            f"With batches of {identities} people, {batch.images} images each, an epoch shows"
            f" {sampler.count_shown():,} of {len(own):,} images of 'train', and all of them within"
            f" {sampler.epochs_for_all} epochs: person {name} has {most:,} images.",
            "Train longer, take fewer people a batch (--set sampler.identities=...), or leave some of those"
            " images out.",
        )
