"""Items made by worker processes, in order, and what is wrong where none come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textreid.errors import InputError
from textreid.io.shared_memory import AHEAD, PLACE

PATIENCE = 300
"""Seconds without an item, after which there will be none."""


def load(items: Any, first: int, workers: int, *, pin_memory: bool = False) -> Iterator[Any]:
    """The items from number `first` on, made by worker processes, or here where there are none.

    Args:
        items: have a length and are made by `items[number]`.
        first: number of the first.
        workers: how many processes make them; see `textreid.io.shared_memory`.
        pin_memory: put them where a GPU reads them while the processor goes on.

    Raises:
        InputError: no item has come for minutes, or a worker found no room for one.
    """
    import torch
    from torch.utils.data import DataLoader

    loader: DataLoader[Any] = DataLoader(
        items,
        batch_size=None,
        sampler=range(first, len(items)),
        num_workers=workers,
        prefetch_factor=AHEAD if workers else None,
        timeout=PATIENCE if workers else 0,
        collate_fn=_as_it_is,
        pin_memory=pin_memory,
        generator=torch.Generator(),  # its own, so that the loader draws nothing from the global one
    )
    try:
        yield from loader
    except RuntimeError as error:
        if "DataLoader timed out" in str(error) or "Bus error" in str(error):
            raise InputError(
                f"The {workers} workers that read images give nothing any more, as where {PLACE} is full:"
                " docker run --shm-size=1g gives them more room, --set workers=0 does without."
            ) from error
        raise


def _as_it_is(item: Any) -> Any:
    return item
