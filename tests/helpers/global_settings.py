"""What a process has once for all of its code: settings of Python and of libraries that others rely on."""

from __future__ import annotations

import asyncio
import gc
import locale
import logging
import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import faiss
import huggingface_hub
import numpy as np
import sentence_transformers  # noqa: F401  (some libraries change settings when they are imported)
import torch
import transformers
from PIL import Image, ImageFile
from torch.nn import init

OTHERS = (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD)
"""Two have no handler; the third is torch's, from its first workers on: it asks whether one of them died."""

SET_BY_MAIN = "OMP_WAIT_POLICY"
"""What the command line sets for its whole process, before torch is loaded."""


def settings() -> dict[str, Any]:
    """Name -> value of all that textreid could leave changed; `sys.excepthook` is the command line's own."""
    return {**_of_python(), **_of_torch(), **_of_transformers(), **_of_images(), **_of_faiss()}


@contextmanager
def nothing_changed() -> Iterator[None]:
    """Fail where a setting is another after the block."""
    before = settings()
    yield
    after = settings()
    changed = {name: _difference(before[name], after[name]) for name in before}
    assert not any(changed.values()), {name: told for name, told in changed.items() if told}


def _difference(before: Any, after: Any) -> str:
    """What was there and is another; of what has names, those that came are no difference."""
    if isinstance(before, dict):
        keys = [key for key in before if key not in after or before[key] != after[key]]
        return ", ".join(f"{key} was {before[key]}, is {after.get(key)}" for key in keys)
    if isinstance(before, frozenset):
        return ", ".join(map(str, sorted(before ^ after)))
    return "" if before == after else f"was {before}, is {after}"


def _of_python() -> dict[str, Any]:
    return {
        "environment": frozenset(item for item in os.environ.items() if item[0] != SET_BY_MAIN),
        "folder": Path.cwd(),
        "umask": _umask(),
        "locale": locale.setlocale(locale.LC_ALL),
        "time zone": time.tzname,
        "signals": {number: signal.getsignal(number) for number in set(signal.Signals) - set(OTHERS)},
        "warnings": (list(warnings.filters), warnings.showwarning),
        "loggers": _loggers(),
        "recursion": sys.getrecursionlimit(),
        "digits": sys.get_int_max_str_digits(),
        "switching": sys.getswitchinterval(),
        "hooks": (sys.unraisablehook, sys.displayhook, sys.gettrace(), sys.getprofile()),
        "path": list(sys.path),
        "collections": (gc.isenabled(), gc.get_threshold(), gc.get_debug(), gc.get_freeze_count()),
        "processes": multiprocessing.get_start_method(),
        "loops": type(asyncio.get_event_loop_policy()),
        "random numbers": (random.getstate(), str(np.random.get_state())),
        "numbers": (np.geterr(), np.get_printoptions()),
        "sqlite": (sqlite3.sqlite_version, sorted(map(str, sqlite3.adapters)), sorted(sqlite3.converters)),
    }


def _umask() -> int:
    umask = os.umask(0o77)
    os.umask(umask)
    return umask


def _loggers() -> dict[str, tuple[Any, ...]]:
    known = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    return {one.name: (one.level, one.disabled, one.propagate) for one in [logging.root, *known]}


def _of_torch() -> dict[str, Any]:
    return {
        "number type": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "gradients": (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_anomaly_enabled()),
        "deterministic": (torch.are_deterministic_algorithms_enabled(), torch.get_deterministic_debug_mode()),
        "products": torch.get_float32_matmul_precision(),
        "cuda": (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic),
        "mkldnn": torch.backends.mkldnn.enabled,
        "sharing": torch.multiprocessing.get_sharing_strategy(),
        "beginnings": {name: value for name, value in vars(init).items() if name.endswith("_")},
    }


def _of_transformers() -> dict[str, Any]:
    logs = transformers.utils.logging
    return {
        "transformers": (logs.get_verbosity(), logs.is_progress_bar_enabled()),
        "hub": (
            huggingface_hub.utils.are_progress_bars_disabled(),
            huggingface_hub.logging.get_verbosity(),
        ),
    }


def _of_images() -> dict[str, Any]:
    return {
        "pillow": (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, ImageFile.MAXBLOCK),
        "opencv": (cv2.getNumThreads(), cv2.useOptimized()),
    }


def _of_faiss() -> dict[str, Any]:
    names = [name for name in dir(faiss.cvar) if name.startswith("distance_compute")]
    return {
        "faiss": {name: getattr(faiss.cvar, name) for name in names},
        "faiss's threads": faiss.omp_get_max_threads(),
    }
