"""Arguments that nobody sends by mistake alone: strategies for the page's functions and the service."""

from __future__ import annotations

from hypothesis import strategies as st

from textreid.service.limits import MAX_TEXT

LETTERS = st.characters() | st.sampled_from("\x00\x1b\x85\u2028\u202e\ud800\udfff=＝'\"<\\")
TEXTS = st.one_of(
    st.text(LETTERS, max_size=20),
    st.sampled_from(
        [
            "",
            "a red shirt",
            "north-0-red",
            "/etc/passwd",
            "../" * 9,
            "1e400",
            "9" * 5000,
            "x" * (MAX_TEXT + 1),
            "' OR 1=1 --",
            "0001-01-01",
            "9999-12-31T23:59:59+14:00",
            "1:99:99",
        ]
    ),
)
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.sampled_from([0, -0.0, 1, 0.05, 1e308, float("inf"), float("nan"), 10**400]),
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda values: st.one_of(
        st.lists(values, max_size=3),
        st.dictionaries(
            st.sampled_from(["path", "url", "meta", "data", "value", "__type__", "id"]) | TEXTS,
            values,
            max_size=3,
        ),
    ),
    max_leaves=6,
)
"""Whatever JSON can hold, and what Python's JSON can hold besides."""
CALLS = st.lists(VALUES, max_size=10)
"""The arguments of one call, too few or too many of them among others."""
FORMS = st.dictionaries(
    st.sampled_from(
        ["text", "like", "camera", "since", "until", "k", "more_like", "less_like", "false_alarms", "id"]
    ),
    TEXTS | NUMBERS.map(str),
    max_size=4,
)
"""The fields of a form."""
