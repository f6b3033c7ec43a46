"""What may come of anything hostile: an answer, or a sentence for people; in time, and in little memory."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

from tests.helpers.faults.tried import tried
from textreid.errors import TextReIDError
from textreid_index import GalleryError

SECONDS, BYTES = 10, 10**9


def answer_or_sentence(action: Callable[[], object]) -> str:
    """What came of it: "an answer", or the sentence.

    Raises:
        AssertionError: it took more than 10 seconds, or a gigabyte more than this process ever had before.
    """
    tried()
    before, start = _peak(), time.perf_counter()
    try:
        action()
        came = "an answer"
    except (TextReIDError, GalleryError) as error:
        came = str(error)
    taken, grown = time.perf_counter() - start, _peak() - before
    if taken > SECONDS or grown > BYTES:
        raise AssertionError(f"{taken:.1f} s and {grown / 1e6:.0f} MB more until '{came}'")
    return came


def _peak() -> int:
    """Bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
