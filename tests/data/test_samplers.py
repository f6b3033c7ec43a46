"""The epoch contract of P×K sampling, as invariants over random label sets."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from textreid.data.samplers import IdentitySampler
from textreid.errors import InputError


def random_case(seed: int) -> tuple[list[int], int, int]:
    """Labels with 1 to 9 images each, in random order, and a P and a K that fit them."""
    rng = np.random.default_rng(seed)
    people = int(rng.integers(2, 20))
    labels = rng.permutation(np.repeat(np.arange(people) * 3, rng.integers(1, 10, people))).tolist()
    return labels, int(rng.integers(1, people + 1)), int(rng.integers(1, 6))


def chains(labels: list[int]) -> list[list[int]]:
    """Look-alikes of every label: all others, by how far their numbers are."""
    people = sorted(set(labels))
    return [sorted(set(people) - {one}, key=lambda other: abs(one - other)) for one in range(max(people) + 1)]


@pytest.mark.parametrize("hard_neighbours", [0, 3])
@pytest.mark.parametrize("seed", range(100))
def test_epoch_contract(seed: int, hard_neighbours: int) -> None:
    labels, identities, images = random_case(seed)
    sampler = IdentitySampler(
        labels, identities=identities, images=images, hard_neighbours=hard_neighbours, seed=seed
    )
    sampler.set_hard_neighbours(chains(labels))
    batches = list(sampler)
    assert len(batches) == len(sampler)
    for batch in batches:
        per_person = Counter(labels[index] for index in batch)
        assert set(per_person.values()) == {images}
        assert len(per_person) == identities
    for person, own in images_of(labels).items():
        visits = Counter(index for batch in batches for index in batch if labels[index] == person)
        assert set(visits) <= own
        for batch in batches:
            group = [index for index in batch if labels[index] == person]
            assert len(set(group)) == min(len(group), len(own)), (
                "repeats only where a person has too few images"
            )


@pytest.mark.parametrize("hard_neighbours", [0, 3])
@pytest.mark.parametrize("seed", range(100))
def test_what_is_left_out_cannot_fill_a_batch(seed: int, hard_neighbours: int) -> None:
    labels, identities, images = random_case(seed)
    sampler = IdentitySampler(
        labels, identities=identities, images=images, hard_neighbours=hard_neighbours, seed=seed
    )
    sampler.set_hard_neighbours(chains(labels))
    if sampler.is_lopsided:
        assert_all_is_shown_in_parts(sampler)
        return
    batches = list(sampler)
    groups = {person: -(-len(own) // images) for person, own in images_of(labels).items()}
    dealt = Counter(labels[index] for batch in batches for index in batch[::images])
    left = {person: groups[person] - dealt[person] for person in groups}
    assert min(left.values()) >= 0
    assert sum(count > 0 for count in left.values()) < identities


def assert_all_is_shown_in_parts(sampler: IdentitySampler) -> None:
    """Whoever would be left over comes in parts, and everything was there after the epochs it names."""
    shown = []
    for epoch in range(sampler.epochs_for_all):
        sampler.set_epoch(epoch)
        shown.append({index for batch in sampler for index in batch})
        assert sampler.count_shown() == len(shown[-1])
    everything = {index for own in sampler.images_of.values() for index in own}
    assert set().union(*shown) == everything
    assert sampler.epochs_for_all == 1 or len(shown[0]) < len(everything)


def test_one_person_with_most_of_the_images_does_not_end_the_epoch() -> None:
    """1,000 images of one person and 4 of each of 40 others: the 40 fill few batches."""
    labels = [0] * 1000 + [person for person in range(1, 41) for _ in range(4)]
    sampler = IdentitySampler(labels, identities=8, images=4, seed=3)
    assert sampler.is_lopsided
    assert len(sampler) == 6  # 40 others fill 7 places of 5 batches, and 5 of a sixth, which repeats the rest
    assert sampler.epochs_for_all == 50  # 250 groups of one person, 5 an epoch
    assert_all_is_shown_in_parts(sampler)


def images_of(labels: list[int]) -> dict[int, set[int]]:
    return {person: {i for i, label in enumerate(labels) if label == person} for person in set(labels)}


def test_every_image_is_seen_where_groups_fill_the_batches() -> None:
    labels = [person for person in range(8) for _ in range(4)]
    batches = list(IdentitySampler(labels, identities=8, images=2, seed=1))
    assert sorted(index for batch in batches for index in batch) == list(range(32))


def test_order_is_a_function_of_seed_and_epoch() -> None:
    labels, identities, images = random_case(7)

    def epoch(seed: int, number: int) -> list[list[int]]:
        sampler = IdentitySampler(labels, identities=identities, images=images, seed=seed)
        sampler.set_epoch(number)
        return list(sampler)

    assert epoch(0, 3) == epoch(0, 3)
    assert epoch(0, 3) != epoch(0, 4)
    assert epoch(0, 3) != epoch(1, 3)


def test_a_group_brings_the_nearest_who_have_images_left() -> None:
    """Families of three; whoever comes first brings the other two, as long as they have an image."""
    labels = [person for person in range(12) for _ in range(2 if person % 3 else 4)]
    sampler = IdentitySampler(labels, identities=6, images=2, hard_neighbours=2, seed=5)
    sampler.set_hard_neighbours(
        [[other for other in range(12) if other // 3 == one // 3 and other != one] for one in range(12)]
    )
    first, second, *_ = [[labels[index] for index in batch[::2]] for batch in sampler]
    for batch in (first, second):
        for family in (batch[:3], batch[3:]):
            assert len({person // 3 for person in family}) == 1
    assert sorted(first + second) == list(range(12))


def test_until_neighbours_are_known_groups_come_alone() -> None:
    labels, identities, images = random_case(7)
    alone, waiting = (
        list(IdentitySampler(labels, identities=identities, images=images, hard_neighbours=hard_neighbours))
        for hard_neighbours in (0, 3)
    )
    assert waiting == alone


def test_iterating_twice_gives_the_same_epoch() -> None:
    sampler = IdentitySampler([0, 0, 1, 1, 2, 2], identities=2, images=2)
    assert list(sampler) == list(sampler)


def test_too_few_people_says_what_to_set() -> None:
    with pytest.raises(InputError, match=r"only 2: --set sampler\.identities=2"):
        IdentitySampler([0, 0, 1], identities=3, images=1)


def test_images_of_nobody_known_are_left_out() -> None:
    labels = [0, 0, -1, 1, 1, -1]
    dealt = {index for batch in IdentitySampler(labels, identities=2, images=2) for index in batch}
    assert dealt == {0, 1, 3, 4}


class TestBalance:
    LABELS = [person for person in range(40) for _ in range(4)] + list(range(40, 50)) * 2
    DOMAINS = [0] * 160 + [1] * 20

    def shares(self, *, balance: bool) -> Counter[int]:
        sampler = IdentitySampler(
            self.LABELS, identities=4, images=2, domains=self.DOMAINS, balance=balance, seed=3
        )
        return Counter(self.DOMAINS[index] for batch in sampler for index in batch)

    def test_as_they_come_by_default(self) -> None:
        shares = self.shares(balance=False)
        assert shares[0] == pytest.approx(160, abs=8)
        assert shares[1] == pytest.approx(20, abs=8)

    def test_every_data_set_has_the_same_share(self) -> None:
        shares = self.shares(balance=True)
        assert shares[0] == pytest.approx(160, abs=16)
        assert shares[1] == pytest.approx(160, abs=16)

    def test_every_image_is_still_seen(self) -> None:
        sampler = IdentitySampler(
            self.LABELS, identities=2, images=2, domains=self.DOMAINS, balance=True, seed=1
        )
        seen = Counter(index for batch in sampler for index in batch)
        small = [seen[index] for index, domain in enumerate(self.DOMAINS) if domain == 1]
        assert min(small) >= 7
        assert max(small) <= 9

    def test_order_is_a_function_of_seed_and_epoch(self) -> None:
        def dealt(epoch: int) -> list[list[int]]:
            sampler = IdentitySampler(
                self.LABELS, identities=4, images=2, domains=self.DOMAINS, balance=True, seed=3
            )
            sampler.set_epoch(epoch)
            return list(sampler)

        assert dealt(1) == dealt(1) != dealt(2)
