"""The table `gallery`, which has one row: how often the gallery changed, and the encoder of its vectors."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from textreid_index.embeddings import EncoderInfo
from textreid_index.errors import GalleryDamagedError
from textreid_index.store.checksums import REPAIR, checked_fields, fields_checksum
from textreid_index.store.commit_count import Seen

COLUMNS = "only, generation, removed_at, unscrubbed, name, fingerprint, dim, identity, commits, checksum"


@dataclass(frozen=True)
class State:
    """What the row says.

    Attributes:
        generation: counts the changes to the people.
        removed_at: generation of the last change that removed somebody.
        unscrubbed: whether bytes of deleted people may still be in the file.
        encoder: encoder of all vectors; None until the first are added.
        identity: drawn when the gallery was made; copies have it too.
        commits: how many changes of any kind were committed.
    """

    generation: int = 0
    removed_at: int = 0
    unscrubbed: bool = False
    encoder: EncoderInfo | None = None
    identity: str = ""
    commits: int = 0


def read_state(db: sqlite3.Connection) -> State:
    """The row as of the current transaction.

    Raises:
        GalleryDamagedError: it changed since it was written, or is missing.
    """
    row = db.execute(f"SELECT {COLUMNS} FROM gallery").fetchone()
    if row is None:
        raise GalleryDamagedError(f"The gallery's own row is missing. {REPAIR}")
    return to_state(checked_fields(row, "The gallery's own row", REPAIR))


def to_state(fields: Sequence[Any]) -> State:
    """The values of the columns, but for the checksum, as they are used."""
    _, generation, removed_at, unscrubbed, name, fingerprint, dim, identity, commits = fields
    encoder = None if name is None else EncoderInfo(name, fingerprint, dim)
    return State(generation, removed_at, bool(unscrubbed), encoder, identity, commits)


def write_state(db: sqlite3.Connection, state: State) -> None:
    """Write the row, or replace it."""
    encoder = state.encoder
    named = [None] * 3 if encoder is None else [encoder.name, encoder.fingerprint, encoder.dim]
    counts = [state.generation, state.removed_at, int(state.unscrubbed)]
    fields = [1, *counts, *named, state.identity, state.commits]
    db.execute(
        f"REPLACE INTO gallery ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)", [*fields, fields_checksum(fields)]
    )


def draw_identity() -> str:
    """What tells a new gallery from all others."""
    return secrets.token_hex(8)


def count_commit(db: sqlite3.Connection, seen: Seen) -> Seen:
    """Count the present transaction, beyond what was seen; returns what to see once it is committed."""
    state = read_state(db)
    known = seen[1] if seen[0] == state.identity else 0
    state = replace(state, commits=max(state.commits, known) + 1)
    write_state(db, state)
    return state.identity, state.commits


def advance(db: sqlite3.Connection, *, removed: bool) -> None:
    """Count one more generation; note whether people went."""
    state = read_state(db)
    generation = state.generation + 1
    removed_at = generation if removed else state.removed_at
    write_state(db, replace(state, generation=generation, removed_at=removed_at))


def write_encoder(db: sqlite3.Connection, encoder: EncoderInfo) -> None:
    """Note which encoder the vectors are of."""
    write_state(db, replace(read_state(db), encoder=encoder))


def set_unscrubbed(db: sqlite3.Connection, unscrubbed: bool) -> None:
    """Note whether bytes of deleted people may still be in the file."""
    write_state(db, replace(read_state(db), unscrubbed=unscrubbed))
