"""How long what somebody types or names may be, and how much of it there may be."""

from __future__ import annotations

from collections.abc import Sequence

from textreid.errors import InputError

MAX_TEXT = 1000
"""Characters of a description."""
MAX_NAME = 1000
"""Characters of an id, a camera's name or a moment."""
MAX_IDS = 1000
"""Ids in one list."""


def require_text(what: str, text: str, most: int = MAX_NAME) -> str:
    """The same text.

    Raises:
        InputError: it is longer than `most` characters, or no Unicode.
    """
    if len(text) > most:
        raise InputError(f"{what}: at most {most} characters; these are {len(text)}.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(f"{what}: it holds half a letter, which is no Unicode. Type it again.") from None
    return text


def require_ids(what: str, ids: Sequence[str]) -> Sequence[str]:
    """The same ids.

    Raises:
        InputError: there are more than `MAX_IDS`, or one is too long.
    """
    if len(ids) > MAX_IDS:
        raise InputError(f"{what}: at most {MAX_IDS} ids; these are {len(ids)}.")
    for id in ids:
        require_text(what, id)
    return ids
