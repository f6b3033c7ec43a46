"""How often a fault was tried, for the table of docs/reliability.md."""

from __future__ import annotations

import os
from collections import Counter

COUNTS: Counter[str] = Counter()
"""Test -> faults that it tried; a test that says nothing tried one."""


def tried(times: int = 1) -> None:
    """Count faults that the running test has tried."""
    COUNTS[os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]] += times
