"""P×K identity sampling (Hermans et al., "In Defense of the Triplet Loss", 2017)."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

from textreid.errors import InputError


class IdentitySampler(Sampler[list[int]]):
    """Batches of P identities with K images each.

    One epoch: the images of each identity are shuffled and cut into groups of K; an identity's last group is
    filled up with others of its images (with repeats if it has fewer than K). All groups are shuffled, and
    dealt into batches of P groups of P different identities. So every image is seen at least once, except
    those of the last groups, which cannot fill a batch; another epoch leaves out others. The order and the
    number of batches are a function of (seed, epoch) alone. Images of nobody known (label -1) are left out.

    Balanced, every data set deals as many groups as the largest: the others are gone through again, in
    another order each time, until they have.

    Args:
        labels: identity of each image; -1 where nobody knows who it is.
        identities: P, at most the number of different labels.
        images: K.
        domains: number of the data set that each image comes from; one data set by default.
        balance: let every data set have the same share of an epoch.
        seed: of the order.

    Raises:
        InputError: there are fewer than P identities.
    """

    def __init__(
        self,
        labels: Sequence[int],
        *,
        identities: int,
        images: int,
        domains: Sequence[int] = (),
        balance: bool = False,
        seed: int = 0,
    ) -> None:
        self.images_of: dict[int, list[int]] = defaultdict(list)
        self.people_of: dict[int, list[int]] = defaultdict(list)
        for index, label in enumerate(labels):
            if label >= 0:
                self.images_of[label].append(index)
        for label, own in self.images_of.items():
            self.people_of[domains[own[0]] if domains else 0].append(label)
        self.balance = balance
        if identities > len(self.images_of):
            raise InputError(
                f"A batch is to hold {identities} identities, but the data has only {len(self.images_of)}:"
                f" --set sampler.identities={len(self.images_of)}"
            )
        self.identities, self.images, self.seed, self.epoch = identities, images, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next iteration."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        rng = np.random.default_rng((self.seed, self.epoch))
        rounds = [self._round(people, rng) for people in self.people_of.values()]
        if self.balance:
            target = max(map(len, rounds))
            rounds = [
                self._fill(groups, people, target, rng)
                for groups, people in zip(rounds, self.people_of.values(), strict=True)
            ]
        groups = [group for groups in rounds for group in groups]
        waiting = deque(groups[i] for i in rng.permutation(len(groups)))
        while batch := self._deal(waiting):
            yield batch

    def __len__(self) -> int:
        """Number of batches of the epoch that is set."""
        return sum(1 for _ in self)

    def _round(self, people: Sequence[int], rng: np.random.Generator) -> list[tuple[int, list[int]]]:
        """Every image of these people once, in groups of K."""
        return [(label, group) for label in people for group in self._groups(self.images_of[label], rng)]

    def _fill(
        self,
        groups: list[tuple[int, list[int]]],
        people: Sequence[int],
        target: int,
        rng: np.random.Generator,
    ) -> list[tuple[int, list[int]]]:
        """As many further rounds as it takes to have `target` groups; of the last a random part."""
        filled = list(groups)
        while len(filled) < target:
            more = self._round(people, rng)
            chosen = rng.permutation(len(more))[: target - len(filled)]
            filled += [more[i] for i in chosen]
        return filled

    def _groups(self, own: list[int], rng: np.random.Generator) -> Iterator[list[int]]:
        order = rng.permutation(own)
        for start in range(0, len(order), self.images):
            group = order[start : start + self.images]
            missing = self.images - len(group)
            if missing:
                rest = np.setdiff1d(order, group)
                pool = rest if len(rest) >= missing else order
                group = np.append(group, rng.choice(pool, missing, replace=len(pool) < missing))
            yield group.tolist()

    def _deal(self, waiting: deque[tuple[int, list[int]]]) -> list[int]:
        """The first groups of P different identities, taken off `waiting`; nothing if there are fewer."""
        batch: dict[int, list[int]] = {}
        passed_over = []
        while waiting and len(batch) < self.identities:
            label, group = waiting.popleft()
            if label in batch:
                passed_over.append((label, group))
            else:
                batch[label] = group
        waiting.extendleft(reversed(passed_over))
        full = len(batch) == self.identities
        return [index for group in batch.values() for index in group] if full else []
