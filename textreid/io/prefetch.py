"""Work ahead of whoever consumes: an iterator that runs in a thread of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

T = TypeVar("T")


def prefetch(items: Iterable[T], ahead: int) -> Generator[T, None, None]:
    """Yield `items` in order while one background thread prepares up to `ahead` of them in advance.

    An exception of the iterator is raised here, at its place in the order. When this generator is closed, the
    thread ends the item it is at, unheard, and prepares no more.
    """
    iterator, end = iter(items), object()
    pool = ThreadPoolExecutor(1, thread_name_prefix="textreid-prefetch")
    waiting: deque[Any] = deque(pool.submit(next, iterator, end) for _ in range(ahead))
    try:
        while (item := waiting.popleft().result()) is not end:
            waiting.append(pool.submit(next, iterator, end))
            yield cast(T, item)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
