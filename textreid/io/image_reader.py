"""Images read once through: opened in a given order, turned into something, handed on batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from PIL.Image import Image

from textreid.errors import ImageError, InputError
from textreid.io.images import open_image
from textreid.io.prefetch import prefetch
from textreid.io.worker_processes import load

BATCHES_AHEAD = 2
"""Batches that are opened before they are asked for."""
MAX_NAMED = 20
"""Unreadable files that an error names; of the others it gives the number."""

T = TypeVar("T")


def consecutive(count: int, size: int) -> list[range]:
    """The rows 0, 1, ..., count - 1 in batches of `size`; the last one may be smaller."""
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def read_images(
    files: Sequence[Path],
    order: Sequence[Sequence[int]],
    transform: Callable[[int, list[Image]], T],
    *,
    first: int = 0,
    workers: int = 0,
) -> Generator[T, None, None]:
    """Yield what `transform` makes of each batch, while the next ones are opened.

    Once a file cannot be opened nothing is yielded any more; the rest is only looked through, so that one
    error names all such files.

    Args:
        files: of all images.
        order: rows of `files` in each batch; a row may come more than once, or never.
        transform: (number of the batch, its images) -> what is yielded. It runs in the caller's thread, or in
            the process that opened the images, for which it must be picklable.
        first: number of the batch to begin with.
        workers: processes that open and transform, see `textreid.io.shared_memory`; 0 for a thread that
            opens, which is enough where the transform is cheap or runs on a GPU.

    Raises:
        InputError: images cannot be read; it names them.
    """
    source = _Source(files, order, transform)
    unreadable: list[str] = []
    for content, failures in load(source, first, workers) if workers else source.in_a_thread(first):
        unreadable += failures
        if not unreadable:
            yield content
    if unreadable:
        count = sum(map(len, order[first:]))
        more = [f"and {len(unreadable) - MAX_NAMED} more"] if len(unreadable) > MAX_NAMED else []
        raise InputError(
            f"{len(unreadable)} of {count} images cannot be read: copy or unpack them again.\n"
            + "\n".join(unreadable[:MAX_NAMED] + more)
        )


@dataclass(frozen=True)
class _Source(Generic[T]):
    """The batches by number, each with a line for every file that cannot be read."""

    files: Sequence[Path]
    order: Sequence[Sequence[int]]
    transform: Callable[[int, list[Image]], T]

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, number: int) -> tuple[Any, list[str]]:
        return self._transformed(number, *self._open(number))

    def in_a_thread(self, first: int) -> Iterator[tuple[Any, list[str]]]:
        numbers = range(first, len(self))
        for number, opened in zip(numbers, prefetch(map(self._open, numbers), BATCHES_AHEAD), strict=True):
            yield self._transformed(number, *opened)

    def _open(self, number: int) -> tuple[list[Image], list[str]]:
        images, failures = [], []
        for row in self.order[number]:
            try:
                images.append(open_image(self.files[row]))
            except ImageError as error:
                failures.append(f"{self.files[row]}: {error}")
        return images, failures

    def _transformed(self, number: int, images: list[Image], failures: list[str]) -> tuple[Any, list[str]]:
        return (None if failures else self.transform(number, images)), failures
