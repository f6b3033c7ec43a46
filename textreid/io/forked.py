"""Torch in a process that was forked from one that computes, whose threads it does not have."""

from __future__ import annotations

import gc
import os
from functools import cache

_forked = False


def is_forked() -> bool:
    """Whether this process was forked after `one_thread_in_forks`."""
    return _forked


@cache
def one_thread_in_forks() -> None:
    """Let processes forked from here on compute with one thread: OpenMP would wait for those of this one."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_begin_anew)


def _begin_anew() -> None:
    global _forked
    import torch

    torch.set_num_threads(1)
    gc.freeze()  # objects of libraries that wait, when they go, for threads that are not here
    _forked = True
