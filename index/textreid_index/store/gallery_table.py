"""The table `gallery`, which has one row: how often the gallery changed, and the encoder of its vectors."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from textreid_index.embeddings import EncoderInfo
from textreid_index.store.checksums import fields_checksum


@dataclass(frozen=True)
class State:
    """What the row says.

    Attributes:
        generation: counts the changes to the people.
        removed_at: generation of the last change that removed somebody.
        unscrubbed: whether bytes of deleted people may still be in the file.
        encoder: encoder of all vectors; None until the first are added.
    """

    generation: int
    removed_at: int
    unscrubbed: bool
    encoder: EncoderInfo | None


def insert(db: sqlite3.Connection) -> None:
    """Write the row of a new gallery."""
    db.execute("INSERT INTO gallery VALUES (1, 0, 0, 0, NULL, NULL, NULL, ?)", [fields_checksum([None] * 3)])


def read_state(db: sqlite3.Connection) -> State:
    """The row as of the current transaction."""
    generation, removed_at, unscrubbed, name, fingerprint, dim = db.execute(
        "SELECT generation, removed_at, unscrubbed, name, fingerprint, dim FROM gallery"
    ).fetchone()
    encoder = None if name is None else EncoderInfo(name, fingerprint, dim)
    return State(generation, removed_at, bool(unscrubbed), encoder)


def advance(db: sqlite3.Connection, *, removed: bool) -> None:
    """Count one more generation; note whether people went."""
    db.execute(
        "UPDATE gallery SET generation = generation + 1,"
        " removed_at = CASE WHEN ? THEN generation + 1 ELSE removed_at END",
        [removed],
    )


def write_encoder(db: sqlite3.Connection, encoder: EncoderInfo) -> None:
    """Note which encoder the vectors are of."""
    fields = [encoder.name, encoder.fingerprint, encoder.dim]
    db.execute(
        "UPDATE gallery SET name = ?, fingerprint = ?, dim = ?, checksum = ?",
        [*fields, fields_checksum(fields)],
    )


def is_encoder_intact(db: sqlite3.Connection) -> bool:
    """Whether name, fingerprint and dimension of the encoder are what was written."""
    *fields, checksum = db.execute("SELECT name, fingerprint, dim, checksum FROM gallery").fetchone()
    return fields_checksum(fields) == checksum


def set_unscrubbed(db: sqlite3.Connection, unscrubbed: bool) -> None:
    """Note whether bytes of deleted people may still be in the file."""
    db.execute("UPDATE gallery SET unscrubbed = ?", [unscrubbed])
