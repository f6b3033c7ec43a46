"""Which texts the built-in model has no word of."""

from __future__ import annotations

from typing import Any

import pytest
from transformers import AutoTokenizer

from textreid.catalog import find_model
from textreid.inference.known_words import reads_a_word


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(find_model("pocket")[1])


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("a man in a blue shirt", True),
        ("handbag", True),
        ("мужчина in blue", True),
        ("\u200b\u200d", False),
        ("\0", False),
        ("人", False),
        ("мужчина в синей рубашке", False),
        ("a мужчина", False),
        ("رجل 12!", False),
        ("😀", False),
    ],
)
def test_a_text_needs_a_word_of_the_vocabulary(tokenizer: Any, text: str, known: bool) -> None:
    assert reads_a_word(tokenizer, text, longest=64) is known


def test_what_lies_behind_the_last_token_that_is_read_does_not_count(tokenizer: Any) -> None:
    assert not reads_a_word(tokenizer, "人 " * 100 + "a man in a blue shirt", longest=64)
