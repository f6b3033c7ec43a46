"""Forks of this process, told to whoever holds what must not be carried across: locks, connections, models.

A forked process has one thread. A lock that another was holding is never given back there, and SQLite
believes to have the locks on files that its parent has.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class _Steps:
    before: Callable[[Any], None] | None
    in_parent: Callable[[Any], None] | None
    in_child: Callable[[Any], None]


_followers: weakref.WeakKeyDictionary[Any, _Steps] = weakref.WeakKeyDictionary()
_changing = threading.RLock()
_told: list[tuple[Any, _Steps]] = []


def follow_forks(
    one: T,
    *,
    in_child: Callable[[T], None],
    before: Callable[[T], None] | None = None,
    in_parent: Callable[[T], None] | None = None,
) -> None:
    """Tell an object of every fork, for as long as somebody holds it, in the thread that forks.

    Args:
        one: the object.
        in_child: called with it in the new process, before anything else runs there.
        before: called with it before the fork.
        in_parent: called with it after the fork, in this process.
    """
    with _changing:
        _followers[one] = _Steps(before, in_parent, in_child)


class Turn:
    """A lock for blocks in the middle of which nobody forks: a fork waits for their end, for a minute."""

    def __init__(self) -> None:
        self._lock, self._held = threading.RLock(), False
        follow_forks(self, before=Turn._hold, in_parent=Turn._go_on, in_child=Turn._begin_anew)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def _hold(self) -> None:
        self._held = self._lock.acquire(timeout=60)

    def _go_on(self) -> None:
        if self._held:
            self._lock.release()

    def _begin_anew(self) -> None:
        if not self._held:
            self._lock = threading.RLock()
        self._go_on()


def _before() -> None:
    _changing.acquire()
    _told.extend(_followers.items())
    for one, steps in _told:
        if steps.before is not None:
            steps.before(one)


def _in_parent() -> None:
    for one, steps in _told:
        if steps.in_parent is not None:
            steps.in_parent(one)
    _told.clear()
    _changing.release()


def _in_child() -> None:
    for one, steps in _told:
        steps.in_child(one)
    _told.clear()
    _changing.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
