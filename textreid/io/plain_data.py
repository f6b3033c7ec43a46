"""JSON and TOML as plain data: numbers, valid Unicode, and no deeper nesting than anybody writes.

What Python's readers let through (NaN, lone surrogates), or end on in errors of their own (thousands of
digits, endless nesting), is one sentence here.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from textreid.errors import InputError, TextReIDError

LARGEST = 2**63 - 1
"""Of whole numbers: more than that fits into no tensor and no table."""

DEPTH = 64
"""Tables and lists within one another."""


def parse_json(text: str) -> Any:
    """What a text in JSON says.

    Raises:
        ValueError: it is not JSON, or none that can be used; the message says why.
    """
    try:
        content = json.loads(text, parse_float=_number, parse_int=_whole, parse_constant=_number)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    _check(content, text)
    return content


def parse_toml(text: str) -> dict[str, Any]:
    """What a text in TOML says.

    Raises:
        ValueError: it is not TOML, or none that can be used; the message says why.
    """
    try:
        content = tomllib.loads(text, parse_float=_number)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except ValueError as error:  # of a number with thousands of digits Python says how to allow it
        raise ValueError(_TOO_LARGE if "set_int_max_str_digits" in str(error) else str(error)) from None
    _check(content, text)
    return content


def read_json(path: Path, raises: type[TextReIDError] = InputError) -> Any:
    """What a file of JSON says.

    Args:
        path: in UTF-8, with or without a mark at its beginning.
        raises: the kind of error.

    Raises:
        TextReIDError: of that kind; the file cannot be read, or is no JSON that can be used.
    """
    try:
        return parse_json(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise raises(f"There is no '{path}'.") from None
    except (OSError, ValueError) as error:  # a UnicodeDecodeError is a ValueError
        raise raises(f"Cannot read '{path}': {error}") from error


_TOO_DEEP = f"it nests more than {DEPTH} tables and lists in one another"
_TOO_LARGE = f"a whole number is larger than {LARGEST}"


def _number(digits: str) -> float:
    number = float(digits.replace("_", ""))
    if math.isnan(number):
        raise ValueError(f"'{digits}' stands where a number is expected")
    return number


def _whole(digits: str) -> int:
    if len(digits) > len(str(-LARGEST)) or abs(int(digits)) > LARGEST:
        raise ValueError(_TOO_LARGE)
    return int(digits)


def _check(content: Any, text: str) -> None:
    level = [content]
    for _ in range(DEPTH + 1):
        level = [inner for outer in level for inner in _values(outer) if isinstance(inner, dict | list)]
    if level:
        raise ValueError(_TOO_DEEP)
    if "\\" in text and any("\0" in part or not _is_unicode(part) for part in _strings(content)):
        raise ValueError("an escape such as \\u0000 or \\ud800 stands for no character")


def _values(content: Any) -> Iterable[Any]:
    return content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()


def _strings(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    if isinstance(content, dict):
        yield from content
    for inner in _values(content):
        yield from _strings(inner)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
