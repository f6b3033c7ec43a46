"""From a name as a person writes it to the one that is stored."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import accumulate

from textreid_index.errors import UnknownSourceError
from textreid_index.records import MEMBER_MARK
from textreid_index.source_keys import folded
from textreid_index.store import copies_table as copies
from textreid_index.store import people_table as people
from textreid_index.store.filter_sql import source_condition, source_key_condition


def find_source(db: sqlite3.Connection, names: Sequence[str]) -> str:
    """The stored name of a file, a folder or a zip file's member.

    Args:
        db: the connection.
        names: how it may be called, likeliest first.

    Raises:
        UnknownSourceError: nothing is called so, or several things are; names the nearest.
    """
    for name in names:
        stored = _of_copied_archive(db, name)
        if _is_known(db, stored):
            return stored
    return _nearest(names, _paths(db), "file or folder")


def find_camera(db: sqlite3.Connection, name: str) -> str:
    """The stored name of a camera.

    Raises:
        UnknownSourceError: none is called so, or several are; names the nearest.
    """
    known = people.cameras(db)
    return name if name in known else _nearest([name], known, "camera")


def _nearest(names: Sequence[str], known: Iterable[str], kind: str) -> str:
    """The one of the known names that differs in Unicode's form or the case of letters alone."""
    name = names[0]
    spellings: dict[str, list[str]] = {}
    for each in known:
        spellings.setdefault(folded(each), []).append(each)
    same = next((spellings[folded(each)] for each in names if folded(each) in spellings), [])
    if len(same) == 1:
        return same[0]
    alike = difflib.get_close_matches(folded(name), spellings, cutoff=0.4)
    near = same or [spellings[each][0] for each in alike]
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise UnknownSourceError(f"The gallery knows no {kind} called {name}.{hint}")


def _is_known(db: sqlite3.Connection, name: str) -> bool:
    below, values = source_condition(name)
    if db.execute(f"SELECT 1 FROM people WHERE {below} LIMIT 1", values).fetchone():
        return True
    keys, values = source_key_condition("key", name)
    paths, more = source_key_condition("path", name)
    text = f"SELECT 1 FROM sources WHERE {keys} UNION SELECT 1 FROM copies WHERE {paths}"
    return db.execute(text, [*values, *more]).fetchone() is not None


def _of_copied_archive(db: sqlite3.Connection, name: str) -> str:
    """The member of a zip file that is known under another path."""
    for place, letter in enumerate(name):
        if letter == MEMBER_MARK and (copy := copies.read(db, name[:place])):
            return copy.source + name[place:]
    return name


def _paths(db: sqlite3.Connection) -> set[str]:
    """All files and folders that anybody is from, or that were read."""
    rows = db.execute("SELECT source FROM people UNION SELECT key FROM sources UNION SELECT path FROM copies")
    found: set[str] = set()
    for (path,) in rows:
        found.update(accumulate(path.split("/"), "{}/{}".format))
    return found - {""}
