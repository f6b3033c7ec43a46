"""How much a description says, and the beginnings that say less."""

from __future__ import annotations

import pytest

from textreid.data.attributes.clauses import count_clauses, cut_to_clauses

LONG = "A man wearing a black and white shirt, blue jeans and white shoes. He carries a red backpack."


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("a man", 0),
        ("a woman in a red coat", 1),
        ("long dark hair", 1),
        ("a woman in a red coat with a black handbag", 2),
        (LONG, 4),
    ],
)
def test_a_clause_is_a_thing_that_is_named(text: str, count: int) -> None:
    assert count_clauses(text) == count


def test_beginnings_end_where_a_clause_does() -> None:
    assert [cut_to_clauses(LONG, count) for count in range(1, 6)] == [
        "A man wearing a black and white shirt",
        "A man wearing a black and white shirt, blue jeans",
        "A man wearing a black and white shirt, blue jeans and white shoes",
        "A man wearing a black and white shirt, blue jeans and white shoes. He carries a red backpack",
        None,
    ]
