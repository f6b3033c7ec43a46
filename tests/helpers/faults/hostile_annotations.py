"""Tables of images as nobody should write them: rows, and whole files."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        -5,
        1.5,
        10**18,
        10**30,
        float("nan"),
        float("inf"),
        "",
        " ",
        "7",
        "007",
        "-1",
    ),
    *("\ud800", "a\0b", "x" * 300, "x/" * 2_500, "\ufeff1", [], {}, [[]], ["a"], [""], [None], {"a": None}),
    *("../x.png", "/etc/passwd", "..\\x.png", "images", "a.png", "./a.png", "a" * 100_000),
]
KEYS = (
    *("image", "person", "camera", "captions", "caption_source", "attributes", "split"),
    *("file_path", "id", "img_path", "processed_tokens", "x", ""),
)


def rows(right: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A row, one to three of whose values are others, or missing."""
    values = st.sampled_from(VALUES) | st.integers() | st.floats() | st.text(max_size=10)
    changed = st.dictionaries(st.sampled_from(KEYS), values, min_size=1, max_size=3)
    left = st.lists(st.sampled_from(sorted(right)), unique=True)
    return st.builds(lambda new, keys: {key: right[key] for key in keys} | new, changed, left)


def lines() -> st.SearchStrategy[bytes]:
    """What may stand in a line, or a file, in place of a row."""
    marks = [
        b"",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"image": ' + b"1" * 5_000 + b"}",
        b"null",
        b"\0",
    ]
    marks += [
        b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
        b"[]",
        b"[null]",
        b'"image"',
        b"image,person\na.png",
        b'"',
    ]
    return st.sampled_from(marks) | st.binary(max_size=60)


def csv_files() -> st.SearchStrategy[bytes]:
    """A table of cells, with a heading or without one."""
    cells = st.sampled_from([*(str(value) for value in VALUES[:19]), "a.png", '"', "x" * 200_000])
    heading = st.lists(st.sampled_from([*KEYS, "attributes.", "attributes.hair"]), min_size=1, max_size=4)
    table = st.tuples(heading, st.lists(st.lists(cells, max_size=5), max_size=3))
    return table.map(lambda drawn: "\n".join(",".join(row) for row in [drawn[0], *drawn[1]])).map(
        lambda text: text.encode("utf-8", "replace")
    )


def as_line(row: dict[str, Any]) -> bytes:
    """A row as JSON, with what only Python writes, such as NaN."""
    return json.dumps(row).encode()
