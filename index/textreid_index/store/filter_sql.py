"""Filters as conditions in SQL on the columns of the table `people`."""

from __future__ import annotations

import json
from collections.abc import Collection

from textreid_index.where import Where

Condition = tuple[str, list[object]]
"""What stands after WHERE, and the values of its question marks."""


def filter_condition(where: Where) -> Condition:
    """The condition that a person passes the filter; "TRUE" for a filter that accepts everybody."""
    comparisons = {
        "camera = ?": where.camera,
        "time >= ?": where.since,
        "time <= ?": where.until,
        '"offset" >= ?': where.offset_since,
        '"offset" <= ?': where.offset_until,
    }
    conditions = [text for text, value in comparisons.items() if value is not None]
    values: list[object] = [value for value in comparisons.values() if value is not None]
    if where.source is not None:
        text, prefixes = source_condition(where.source)
        conditions.append(text)
        values += prefixes
    if where.exclude:
        text, ids = id_condition(where.exclude)
        conditions.append(f"NOT {text}")
        values += ids
    return " AND ".join(conditions) or "TRUE", values


def source_condition(source: str) -> Condition:
    """The condition that a person is from this file, from below this folder or from inside this zip file.

    A further path of the same content is as good as the one that the people are stored under.
    """
    below, folder = source_key_condition("source", source)
    elsewhere, path = source_key_condition("path", source)
    text = f"({below} OR file = ? OR file IN (SELECT copies.source FROM copies WHERE {elsewhere}))"
    return text, [*folder, source, *path]


def source_key_condition(column: str, source: str) -> Condition:
    """The condition that `column` is this file or lies below this folder."""
    folder = source.rstrip("/") + "/"
    return f"({column} = ? OR substr({column}, 1, ?) = ?)", [source, len(folder), folder]


def id_condition(ids: Collection[str]) -> Condition:
    """The condition that a person has one of these ids."""
    return "id IN (SELECT value FROM json_each(?))", [json.dumps(sorted(ids))]
