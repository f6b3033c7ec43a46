"""What a search may be asked with: numbers in their ranges, texts that are texts."""

from __future__ import annotations

from collections.abc import Iterable

from textreid.errors import InputError
from textreid_index import Where

MOST = 2**31 - 1


def check_number(name: str, value: object, least: float, most: float = MOST, *, whole: bool = False) -> None:
    """Raise `InputError` unless the argument of this name is a number, or a whole one, from least to most."""
    kinds = int if whole else (int, float)
    if not isinstance(value, kinds) or isinstance(value, bool) or not least <= value <= most:
        what = "a whole number" if whole else "a number"
        raise InputError(f"{name} is {value!r:.40}; it must be {what} from {least:g} to {most:g}.")


def check_words(name: str, values: Iterable[object]) -> None:
    """Raise `InputError` unless all of these are texts, which half a character is not."""
    for value in values:
        try:
            if not isinstance(value, str):
                raise TypeError
            value.encode()
        except (TypeError, UnicodeEncodeError):
            raise InputError(f"{name} is {value!r:.80}, which is no text.") from None


def check_filter(where: Where | None) -> None:
    """Raise `InputError` where a filter names what is no text."""
    if where is not None:
        named = {"camera": where.camera, "source": where.source}
        for name, value in named.items():
            check_words(name, () if value is None else (value,))
