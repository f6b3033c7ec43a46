"""Tables of version 0.1 that said which stages there are, as the list of stages that a recipe has today."""

from __future__ import annotations

from typing import Any

from textreid.errors import InputError
from textreid.recipe.renamed import Tell, silent

STAGE_OF = {"phases": "phase", "locked": "locked"}
"""Old table -> the stage it is now, in the order of training; `hubs` of [model] was the last."""


def to_stages(table: dict[str, Any], tell: Tell = silent) -> dict[str, Any]:
    """The same recipe with its stages in `stages`.

    Args:
        table: what a file says, with today's keys; not changed.
        tell: is told what was moved.

    Raises:
        InputError: it has old tables and `stages` too.
    """
    model = table.get("model", {})
    old = [name for name in STAGE_OF if name in table]
    old += ["model.hubs"] if isinstance(model, dict) and "hubs" in model else []
    if not old:
        return table
    if "stages" in table:
        raise InputError(f"'{old[0]}' and 'stages' stand in one recipe: move the first into [[stages]].")
    rest = {name: value for name, value in table.items() if name not in STAGE_OF}
    stages = [{"name": stage, **entry} for name, stage in STAGE_OF.items() for entry in _entries(table, name)]
    for name in old:
        tell(_now(name))
    if "model.hubs" in old:
        rest["model"] = {key: value for key, value in model.items() if key != "hubs"}
        stages += [{"name": "hubness", "nearest": model["hubs"]}] if model["hubs"] else []
    return rest | {"stages": stages}


def override_of_stages(
    stages: list[dict[str, Any]], key: str, value: Any, tell: Tell = silent
) -> tuple[str, Any]:
    """A dotted key and its value, where an old key such as `phases.0.epochs` becomes one of `stages`.

    Args:
        stages: of the recipe that is overridden.
        key: as it was typed.
        value: its value.
        tell: is told what the key is called now.

    Raises:
        InputError: the recipe has no such stage, or `stages` is no list of tables.
    """
    stages = _entries({"stages": stages}, "stages")
    if key == "model.hubs":
        tell(_now(key))
        others = [stage for stage in stages if stage.get("name") != "hubness"]
        return "stages", others + ([{"name": "hubness", "nearest": value}] if value else [])
    table, _, rest = key.partition(".")
    if table not in STAGE_OF:
        return key, value
    name = STAGE_OF[table]
    places = [place for place, stage in enumerate(stages) if stage.get("name") == name]
    if not rest:
        tell(_now(table))
        others = [stage for stage in stages if stage.get("name") != name]
        place = places[0] if places else len(others)
        new = [{"name": name, **entry} for entry in _entries({table: value}, table)]
        return "stages", [*others[:place], *new, *others[place:]]
    number, _, option = rest.partition(".")
    if number not in map(str, range(len(places))):
        raise InputError(f"'{key}': '{number}' must be a number from 0 to {len(places) - 1}.")
    new_key = ".".join(filter(None, ("stages", str(places[int(number)]), option)))
    tell(f"'{key}' is now called '{new_key}'.")
    return new_key, value


def _entries(table: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The tables of a list; one table stands for a list of one.

    Raises:
        InputError: it is something else.
    """
    entries = table.get(name, [])
    entries = [entries] if isinstance(entries, dict) else entries
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(f"'{name}' must be a list of tables, found {entries!r:.80}.")
    return entries


def _now(name: str) -> str:
    """The line that says what became of an old table or key."""
    if name == "model.hubs":
        return "'model.hubs' is now a table [[stages]] with name = \"hubness\" and nearest."
    return f"'[[{name}]]' is now '[[stages]]' with name = \"{STAGE_OF[name]}\"."
