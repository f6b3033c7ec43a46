"""Batches of different identities where some have far more images than others.

Dealt in random order, such data run out of different identities long before they run out of images. Here an
epoch shows a part of those who have most: each identity at most once a batch, and the next part in the next
epoch, so that every image is shown within a known number of epochs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

Groups = Mapping[int, Sequence[list[int]]]
"""Identity -> groups of its images, in the order in which they are to be shown."""


def count_batches(counts: Sequence[int], identities: int) -> int:
    """The most batches that can be filled, each identity at most once in each.

    Args:
        counts: groups of each identity, at least as many identities as a batch has.
        identities: P, different identities of a batch.
    """
    few, many = 1, sum(counts) // identities + 1  # so many can be filled, and so many cannot
    while many - few > 1:
        middle = (few + many) // 2
        fits = sum(min(count, middle) for count in counts) >= identities * middle
        few, many = (middle, many) if fits else (few, middle)
    return few


def part_of(groups: Sequence[list[int]], epoch: int, size: int) -> list[list[int]]:
    """The groups that an epoch shows of an identity: `size` of them, each time the next ones in a ring."""
    first = epoch * size
    return [groups[(first + n) % len(groups)] for n in range(min(size, len(groups)))]


def deal_evenly(
    groups: Groups,
    identities: int,
    batches: int,
    rng: np.random.Generator,
    bring: Callable[[int], Iterable[int]] = lambda _: (),
) -> Iterator[list[list[int]]]:
    """Batches of P groups of different identities until every group was in one.

    Whoever has as many groups left as there are batches is in the next one; the others come at random. What
    is left over makes one more, which repeats groups to be full.

    Args:
        groups: of each identity, at most as many as there are batches.
        identities: P.
        batches: as `count_batches` counts them.
        rng: draws the order.
        bring: the identities that one brings into its batch, the most wanted first.
    """
    left = {label: deque(own) for label, own in groups.items()}
    order = deque(rng.permutation([label for label, own in groups.items() for _ in own]).tolist())
    for to_come in range(batches, 0, -1):
        needed = [label for label, own in left.items() if len(own) >= to_come]
        batch = {label: left[label].popleft() for label in needed[:identities]}
        passed_over = []
        while len(batch) < identities:
            label = order.popleft()
            if label in batch:
                passed_over.append(label)
                continue
            for one in (label, *bring(label)) if left[label] else ():
                if left[one] and one not in batch and len(batch) < identities:
                    batch[one] = left[one].popleft()
        order.extendleft(reversed(passed_over))
        yield list(batch.values())
    while rest := [label for label, own in left.items() if own][:identities]:
        others = [label for label in groups if label not in rest]
        again = rng.permutation(others)[: identities - len(rest)].tolist()
        yield [*(left[label].popleft() for label in rest), *(groups[label][0] for label in again)]
