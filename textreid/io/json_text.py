"""JSON for people and programs: readable, and safe on a terminal and a line of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from textreid.io.printable import printable


def json_text(value: Any, *, indent: int | None = None, default: Callable[[Any], Any] | None = None) -> str:
    """A value as JSON; without `indent` on one line, whatever a reader takes for the end of one.

    Letters of every script stay as they are. What `printable` would spell out is written as JSON's escapes,
    and reads back as it was.
    """
    text = json.dumps(value, indent=indent, default=default, ensure_ascii=False)
    return text if text.isprintable() else re.sub(r"[^\n -~]", _spelled, text)


def _spelled(match: re.Match[str]) -> str:
    letter = match[0]
    return letter if printable(letter) == letter else json.dumps(letter)[1:-1]
