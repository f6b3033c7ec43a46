"""Settings: a table of TOML or JSON becomes a frozen dataclass, whose values are checked at birth.

Unknown keys fail with the nearest right one; nothing is silently ignored.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from functools import partial
from typing import Any, Literal, TypeVar

from textreid._names import find_moved
from textreid.errors import InputError, UnknownNameError
from textreid.io.plain_data import LARGEST

T = TypeVar("T")

LARGEST_SEED = 2**32 - 1
"""What every generator of random numbers takes."""


def build(kind: type[T], table: Any, *, where: str) -> T:
    """A frozen config dataclass from a TOML table; nested tables become nested configs.

    Args:
        kind: the dataclass.
        table: what the file says.
        where: name of this place in messages.

    Raises:
        UnknownNameError: a key that `kind` does not have.
        InputError: a value of another type or out of its range, or a missing key; it says where.
    """
    if not isinstance(table, dict):
        raise InputError(f"{where}: expected a table of settings, found {table!r:.200}.")
    hints = typing.get_type_hints(kind)
    for key in table:
        if key not in hints:
            raise UnknownNameError(f"key in {where}", key, hints)
    values = {key: _convert(hints[key], value, where=f"{where}.{key}") for key, value in table.items()}
    needed = [f.name for f in dataclasses.fields(kind) if _required(f) and f.name not in values]  # type: ignore[arg-type]
    if needed:
        raise InputError(f"{where}: missing {', '.join(needed)}.")
    try:
        return kind(**values)
    except InputError as error:  # a value out of its range
        raise InputError(f"{where}: {error}") from None


def _required(f: dataclasses.Field[Any]) -> bool:
    return f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING


def _convert(hint: Any, value: Any, *, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (hint,) = (argument for argument in arguments if argument is not type(None))
        return None if value is None else _convert(hint, value, where=where)
    if dataclasses.is_dataclass(hint):
        return build(hint, value, where=where)  # type: ignore[arg-type]
    if origin is Literal:
        if value not in arguments:
            raise UnknownNameError(f"choice for {where}", str(value), arguments)
        return value
    if origin is tuple and isinstance(value, dict):
        value = [value]  # one table stands for a list of one
    if origin is tuple and isinstance(value, list | tuple):
        fixed = arguments[-1] is not Ellipsis
        if fixed and len(value) != len(arguments):
            raise InputError(f"{where}: expected {len(arguments)} values, found {value!r:.200}.")
        return tuple(_convert(arguments[0], item, where=f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict) and arguments[1] is not Any:
        return {key: _convert(arguments[1], item, where=f"{where}.{key}") for key, item in value.items()}
    expected: Any = origin if origin in (dict, tuple) else hint
    if expected is float and type(value) is int:
        return float(value)
    if type(value) is not expected:
        raise InputError(
            f"{where}: expected {getattr(expected, '__name__', expected)}, found {value!r:.200}."
        )
    if expected is float and math.isnan(value):
        raise InputError(f"{where}: expected a number, found {value}.")
    if expected is int and abs(value) > LARGEST:
        raise InputError(f"{where}: expected a whole number of at most {LARGEST}, found a larger one.")
    if expected is str and not _is_text(value):
        raise InputError(f"{where}: expected text, found half a character or the character 0: {value!r:.80}.")
    return value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def require_above(config: object, limit: float, *names: str) -> None:
    """Raise `InputError` where a value of these names is `limit` or less, or not finite."""
    for name in names:
        if not limit < getattr(config, name) < math.inf:
            raise InputError(f"{name} is {getattr(config, name)}; it must be above {limit:g}.")


def require_at_least(config: object, least: float, *names: str) -> None:
    """Raise `InputError` where a value of these names is less than `least`, or not finite."""
    for name in names:
        check_at_least(name, getattr(config, name), least)


def check_at_least(name: str, value: float, least: float) -> None:
    """Raise `InputError` where the value, called `name`, is less than `least`, or not finite."""
    if not least <= value < math.inf:
        raise InputError(f"{name} is {value}; it must be at least {least:g}.")


def require_between(config: object, least: float, most: float, *names: str) -> None:
    """Raise `InputError` where a value of these names, or one in its list, is outside [least, most]."""
    for name in names:
        value = getattr(config, name)
        for number in value if isinstance(value, tuple) else (value,):
            if not number >= least:
                raise InputError(f"{name} is {number}; it must be at least {least:g}.")
            if number > most:
                raise InputError(f"{name} is {number}; it must be at most {most}.")


def require_fraction(config: object, *names: str) -> None:
    """Raise `InputError` where a value of these names is outside [0, 1]."""
    for name in names:
        if not 0 <= getattr(config, name) <= 1:
            raise InputError(f"{name} is {getattr(config, name)}; it must be between 0 and 1.")


def require_proper_fraction(config: object, *names: str) -> None:
    """Raise `InputError` where a value of these names is outside [0, 1), or one in its list."""
    for name in names:
        value = getattr(config, name)
        for number in value if isinstance(value, tuple) else (value,):
            if not 0 <= number < 1:
                raise InputError(f"{name} is {number}; it must be at least 0 and below 1.")


__getattr__ = partial(find_moved, __name__)
"""Recipes, for code that looks for them where they were in version 0.1.0."""
