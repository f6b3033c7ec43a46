"""Python's warnings switched off for blocks that may run in several threads at once."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from textreid_index.shared_setting import SharedSetting


@SharedSetting
@contextmanager
def without_warnings() -> Iterator[None]:
    """No warning is told in any thread while the block runs; the filters come back."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
