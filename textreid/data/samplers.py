"""P×K identity sampling (Hermans et al., "In Defense of the Triplet Loss", 2017), with hard-identity mining.

Batches of identities that look alike: Liao and Shao, "Graph Sampling Based Deep Metric Learning for
Generalizable Person Re-Identification", CVPR 2022.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice

import numpy as np
from torch.utils.data import Sampler

from textreid.data.even_batches import count_batches, deal_evenly, part_of
from textreid.errors import InputError
from textreid.recipe.data import SamplerRecipe


class IdentitySampler(Sampler[list[int]]):
    """Batches of P identities with K images each.

    One epoch: the images of each identity are shuffled and cut into groups of K; an identity's last group is
    filled up with others of its images (with repeats if it has fewer than K). All groups are shuffled, and
    dealt into batches of P groups of P different identities. So every image is seen at least once, except
    those of the last groups, which cannot fill a batch; another epoch leaves out others. The order and the
    number of batches are a function of (seed, epoch) alone. Images of nobody known (label -1) are left out.

    Where somebody has more groups than there are batches, an epoch shows a part of that person's images, and
    the next part in the next epoch (see `textreid.data.even_batches`): `epochs_for_all` says within how many
    every image is shown.

    Balanced, every data set deals as many groups as the largest: the others are gone through again, in
    another order each time, until they have.

    With hard neighbours, every group that is dealt brings groups of the identities that look most like its
    own, if they have any left; so a batch is hard to tell apart, and an epoch still sees every image.

    Args:
        labels: identity of each image; -1 where nobody knows who it is.
        identities: P, at most the number of different labels.
        images: K.
        domains: number of the data set that each image comes from; one data set by default.
        balance: let every data set have the same share of an epoch.
        hard_neighbours: how many of them each group brings, once `set_hard_neighbours` has said who they are.
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
        hard_neighbours: int = 0,
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
        self.hard_neighbours = hard_neighbours
        self.neighbours: Sequence[Sequence[int]] = ()

    def set_hard_neighbours(self, people: Sequence[Sequence[int]]) -> None:
        """Say which identities look like which.

        Args:
            people: for each label, other labels in order of likeness, the nearest first.
        """
        self.neighbours = people

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next iteration."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        rng = np.random.default_rng((self.seed, self.epoch))
        if self.is_lopsided:
            parts = {label: self._part(label) for label in self.images_of}
            for dealt in deal_evenly(parts, self.identities, self._batches, rng, self._neighbours):
                yield [index for group in dealt for index in group]
            return
        rounds = [self._round(people, rng) for people in self.people_of.values()]
        if self.balance:
            target = max(map(len, rounds))
            rounds = [
                self._fill(groups, people, target, rng)
                for groups, people in zip(rounds, self.people_of.values(), strict=True)
            ]
        groups = [group for groups in rounds for group in groups]
        order: deque[int] = deque()
        left: dict[int, deque[list[int]]] = defaultdict(deque)
        for place in rng.permutation(len(groups)):
            label, group = groups[place]
            order.append(label)
            left[label].append(group)
        while batch := self._deal(order, left):
            yield batch

    def __len__(self) -> int:
        """Number of batches of the epoch that is set."""
        return sum(1 for _ in self)

    def count_shown(self) -> int:
        """How many different images the epoch that is set shows."""
        return len({image for batch in self for image in batch})

    def _neighbours(self, label: int) -> Sequence[int]:
        return self.neighbours[label][: self.hard_neighbours] if self.neighbours else ()

    @cached_property
    def is_lopsided(self) -> bool:
        """Whether somebody has more groups than there are batches that all can fill."""
        return not self.balance and max(self._counts) > self._batches

    @property
    def epochs_for_all(self) -> int:
        """Epochs within which every image is shown; otherwise each leaves out others of the last groups."""
        return -(-max(self._counts) // self._batches) if self.is_lopsided else 1

    @cached_property
    def _counts(self) -> list[int]:
        return [-(-len(own) // self.images) for own in self.images_of.values()]

    @cached_property
    def _batches(self) -> int:
        return count_batches(self._counts, self.identities)

    def _part(self, label: int) -> list[list[int]]:
        groups = list(self._groups(self.images_of[label], np.random.default_rng((self.seed, label))))
        return part_of(groups, self.epoch, self._batches)

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

    def _deal(self, order: deque[int], left: dict[int, deque[list[int]]]) -> list[int]:
        """The next groups of P different identities; nothing if there are fewer.

        Args:
            order: the identity of every group, as they were shuffled; those that are dealt are taken off, and
                those whose group went along with a neighbour's.
            left: the groups of each identity that are still to deal; those that are dealt are taken off.
        """
        batch: dict[int, list[int]] = {}
        passed_over = []
        while order and len(batch) < self.identities:
            label = order.popleft()
            if not left[label]:
                continue
            if label in batch:
                passed_over.append(label)
                continue
            room = min(self.hard_neighbours, self.identities - len(batch) - 1)
            others = self.neighbours[label] if self.neighbours else ()
            free = (other for other in others if left[other] and other not in batch)
            for person in (label, *islice(free, room)):
                batch[person] = left[person].popleft()
        order.extendleft(reversed(passed_over))
        full = len(batch) == self.identities
        return [index for group in batch.values() for index in group] if full else []


def make_sampler(
    recipe: SamplerRecipe, labels: Sequence[int], domains: Sequence[int], *, seed: int
) -> IdentitySampler:
    """The sampler that a recipe asks for; images of nobody join its batches later.

    Args:
        recipe: what a batch is.
        labels: as for `IdentitySampler`, like the others.
        domains: likewise.
        seed: likewise.
    """
    options = {name: value for name, value in vars(recipe).items() if name not in ("generated", "unknown")}
    return IdentitySampler(labels, domains=domains, **options, seed=seed)


class DistributedBatches(Sampler[list[int]]):
    """Every batch of `batches`, cut between processes: whole identities, as many for each, nobody twice.

    All processes walk through the same batches, so together they see in step n what one process alone would
    see in step n, and an epoch has the same number of steps in all of them.

    Args:
        batches: of P identities with K images each, side by side, as `IdentitySampler` deals them.
        images: K.
        rank: number of this process, from 0.
        processes: how many there are.

    Raises:
        InputError: on iteration, a batch's identities cannot be shared out equally.
    """

    def __init__(self, batches: Sampler[list[int]], *, images: int, rank: int, processes: int) -> None:
        self.batches, self.images, self.rank, self.processes = batches, images, rank, processes

    def __iter__(self) -> Iterator[list[int]]:
        for batch in self.batches:
            yield self._part(batch)

    def _part(self, batch: Sequence[int]) -> list[int]:
        identities, rest = divmod(len(batch), self.images * self.processes)
        if rest:
            people = len(batch) // self.images
            fitting = max(people // self.processes, 1) * self.processes
            raise InputError(
                f"{self.processes} processes cannot share {people} identities of a batch equally:"
                f" --set sampler.identities={fitting}"
            )
        size = identities * self.images
        return list(batch[self.rank * size : (self.rank + 1) * size])
