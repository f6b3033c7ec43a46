"""Keys of recipes that had another name before: old recipes, overrides and run folders go on working."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textreid.errors import InputError

RENAMED = {
    "keep_epochs": "save_epochs",
    "model.keep": "model.interpolate",
    "model.text_kept": "model.text_layers_to_keep",
    "model.matcher.say": "model.matcher.weight",
    "sampler.alike": "sampler.hard_neighbours",
    "augment.policy_share": "augment.policy_probability",
    "locked.still": "locked.frozen",
    "locked.stay": "locked.drift_weight",
    "locked.person": "locked.identity_share",
    "locked.nearest": "locked.candidates",
    "locked.wrong": "locked.negatives",
}
"""Old key -> today's, from the top of the recipe; places in a list do not count: `locked.0.still` is
`locked.still`."""

Tell = Callable[[str], None]
"""Called with one line for each old key, which says the new one."""


def silent(_line: str) -> None:
    """For files that textreid wrote itself: nobody has to change them."""


def rename_keys(table: dict[str, Any], tell: Tell = silent) -> dict[str, Any]:
    """The same recipe with today's keys.

    Args:
        table: what a file says; not changed.
        tell: is told what was renamed.

    Raises:
        InputError: a setting stands in the table twice, by its old and by its new key.
    """
    renamed: dict[str, Any] = _rename(table, "", tell)
    return renamed


def rename_override(key: str, value: Any, tell: Tell = silent) -> tuple[str, Any]:
    """A dotted key such as `locked.0.still` and its value, both with today's keys."""
    path = ".".join(name for name in key.split(".") if not name.isdigit())
    new = _new_key(path, tell)
    last = new.rpartition(".")[2]
    return ".".join([*key.split(".")[:-1], last]), _rename(value, path, tell)


def _rename(value: Any, path: str, tell: Tell) -> Any:
    if isinstance(value, list):
        return [_rename(item, path, tell) for item in value]
    if not isinstance(value, dict):
        return value
    table: dict[str, Any] = {}
    for key, item in value.items():
        old = f"{path}.{key}" if path else key
        name = _new_key(old, tell).rpartition(".")[2]
        if name in table or (name != key and name in value):
            raise InputError(f"'{name}' stands in the recipe twice, once by its old name: keep one of them.")
        table[name] = _rename(item, old, tell)
    return table


def _new_key(path: str, tell: Tell) -> str:
    new = RENAMED.get(path, path)
    if new != path:
        tell(f"'{path}' is now called '{new}'.")
    return new
