"""A setting of the whole process that blocks in several threads change alike: the last one puts it back.

Each putting back what it found, of two that overlap the second would put back what the first had set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import Any

from textreid_index.forks import follow_forks


class SharedSetting:
    """Makes a context manager one for any number of threads at once; a decorator.

    Args:
        change: changes the setting inside its block, and puts it back.

    Example:
        >>> with in_silence():       # doctest: +SKIP
        ...     load_model()
    """

    def __init__(self, change: Callable[[], AbstractContextManager[Any]]) -> None:
        self._change = change
        self._changed: AbstractContextManager[Any] | None = None
        self._blocks, self._lock = 0, Lock()
        follow_forks(
            self,
            before=SharedSetting._hold,
            in_parent=SharedSetting._go_on,
            in_child=SharedSetting._begin_anew,
        )

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Let the setting be changed for as long as this block, or another, runs."""
        with self._lock:
            if self._changed is None:
                changed = self._change()
                changed.__enter__()
                self._changed = changed
            self._blocks += 1
        try:
            yield
        finally:
            with self._lock:
                self._blocks -= 1
                if self._blocks <= 0:
                    self._put_back()

    def _put_back(self) -> None:
        changed, self._changed, self._blocks = self._changed, None, 0
        if changed is not None:
            changed.__exit__(None, None, None)

    def _hold(self) -> None:
        self._lock.acquire()

    def _go_on(self) -> None:
        self._lock.release()

    def _begin_anew(self) -> None:
        """In a forked process: the blocks that run are the parent's."""
        self._put_back()
        self._lock.release()
