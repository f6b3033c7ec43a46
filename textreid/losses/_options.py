"""Checks that options of losses share."""

from __future__ import annotations

from textreid.errors import InputError


def above(limit: float, config: object, *names: str) -> None:
    """Raise `InputError` where an option of these names is `limit` or less."""
    for name in names:
        if getattr(config, name) <= limit:
            raise InputError(f"{name} is {getattr(config, name)}; it must be above {limit:g}.")


def share(config: object, *names: str) -> None:
    """Raise `InputError` where an option of these names is outside [0, 1)."""
    for name in names:
        if not 0 <= getattr(config, name) < 1:
            raise InputError(f"{name} is {getattr(config, name)}; it must be at least 0 and below 1.")
