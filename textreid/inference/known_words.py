"""Whether a model's vocabulary has a word of a text at all: a text in another script is nothing to it."""

from __future__ import annotations

from typing import Any


def reads_a_word(tokenizer: Any, text: str, longest: int) -> bool:
    """Whether at least one of the tokens that are read is a word, or a piece of one.

    Punctuation, digits and single Latin letters are none: those a tokenizer of pieces has for any text.

    Args:
        tokenizer: of transformers.
        text: a description.
        longest: tokens of a text that the model reads.
    """
    ids = tokenizer(text)["input_ids"][:longest]
    tokens = tokenizer.convert_ids_to_tokens([id for id in ids if id not in tokenizer.all_special_ids])
    return any(_is_word(token) for token in tokens)


def _is_word(token: str) -> bool:
    letters = [letter for letter in token if letter.isalpha()]
    return len(letters) > 1 or any(not letter.isascii() for letter in letters)
