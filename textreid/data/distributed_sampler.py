"""The share of one process in the batches of a sampler."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch.utils.data import Sampler

from textreid.errors import InputError


class ShareOfBatches(Sampler[list[int]]):
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
            yield self._share(batch)

    def _share(self, batch: Sequence[int]) -> list[int]:
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
