"""Searches that nobody means: descriptions, numbers, filters and ids of every kind."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st
from PIL import Image

TEXTS = [
    *("", " ", "\n", "\0", "\ud800", "a\udc80b", "\u202e\u200b", "a man\0", "😀" * 50, "?" * 2_000),
    *("/etc/passwd", "file:///etc/passwd", "http://127.0.0.1:9/x.png", "[MASK] [PAD] [SEP]", "%s{}{0}"),
    *("a man " * 20_000, "x" * 300_000, "a\n" * 10_000, "'; DROP TABLE people; --"),
]
NUMBERS: list[Any] = [
    *(0, 1, -1, 2**31, 2**63, 10**30, True, 1.5, math.nan, math.inf, -math.inf, 1e308, 0.05, "3", None, []),
]
MOMENTS = [
    *("", " ", "90", "1:30", "99:99:99", "9" * 400, "9" * 5_000, "-1", "1e9", "nan", "²", "1:" * 50, "٣"),
    *(
        "2026-03-01",
        "0001-01-01T00:00+23:59",
        "9999-12-31T23:59-23:59",
        "2026-13-01",
        "2026-03-01T25:00",
        "\ud800",
    ),
]
PLACES = ["", "c1", "x" * 5_000, "a\0b", "\ud800", "~nobody-at-all/x", "/" * 5_000, "..", "photos", "%", "*"]
IDS = ["", "p000", "p001", "nobody", "\ud800", "a\0b", "x" * 100_000]


def texts() -> st.SearchStrategy[str]:
    """A description."""
    return st.sampled_from(TEXTS) | st.text(max_size=50)


def filters() -> st.SearchStrategy[dict[str, str]]:
    """The arguments of `textreid.search.filters.where`."""
    moments = st.sampled_from(MOMENTS) | st.text(max_size=10)
    places = st.sampled_from(PLACES) | st.text(max_size=10)
    optional = {"since": moments, "until": moments, "camera": places, "source": places}
    return st.fixed_dictionaries({}, optional=optional)


def searches() -> st.SearchStrategy[dict[str, Any]]:
    """The arguments of `PersonSearch.search`, but for the filter."""
    numbers = st.sampled_from(NUMBERS) | st.integers() | st.floats()
    ids = st.lists(st.sampled_from(IDS), max_size=3)
    images = st.sampled_from([Image.new("RGB", (1, 1)), Image.new("L", (8, 8)), Image.new("RGBA", (3, 900))])
    return st.fixed_dictionaries(
        {"text": st.none() | texts()},
        optional={
            "image": images,
            "k": numbers,
            "more_like": ids,
            "less_like": ids,
            "rerank": numbers,
            "budget": numbers,
            "false_alarms": numbers,
        },
    )
