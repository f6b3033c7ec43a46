"""Making the gallery's own row whole again, after damage to the file changed or took it.

One flipped bit is put right: there is one row that fits the checksum. After any other damage the generation
is one that no reader can hold, so that everybody reads the people anew; the encoder stays as it reads, for
a fingerprint that damage made is that of no encoder, and searches are refused rather than answered wrongly.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator, Sequence

from textreid_index.embeddings import EncoderInfo
from textreid_index.errors import GalleryDamagedError
from textreid_index.store.checksums import fields_checksum
from textreid_index.store.commit_count import Seen
from textreid_index.store.gallery_table import (
    COLUMNS,
    State,
    draw_identity,
    read_state,
    to_state,
    write_state,
)

log = logging.getLogger("textreid_index")

UNKNOWN = "unknown"
"""Name and fingerprint of an encoder that nothing in the file tells any more."""


def repair_state(db: sqlite3.Connection, seen: Seen) -> None:
    """Write the row anew if it is not what was written; `seen` is what is known of its commits."""
    try:
        read_state(db)
    except GalleryDamagedError:
        row = db.execute(f"SELECT {COLUMNS} FROM gallery").fetchone()
        state = None if row is None else _without_flipped_bit(row)
        if state is None:
            state = _what_is_left(db, row or (), seen)
            log.warning(
                f"The gallery's own row was damaged. Of its encoder it says now: {state.encoder}. If a search"
                " refuses your model for it, index the photos again into a new gallery."
            )
        db.execute("DELETE FROM gallery")
        write_state(db, state)


def _without_flipped_bit(row: Sequence[object]) -> State | None:
    """What the row was, if a single bit of it has flipped since."""
    *fields, checksum = row
    if isinstance(checksum, int) and (fields_checksum(fields) ^ checksum).bit_count() == 1:
        return to_state(fields)
    for place, field in enumerate(fields):
        for other in _one_bit_away(field):
            candidate = [*fields[:place], other, *fields[place + 1 :]]
            if fields_checksum(candidate) == checksum:
                return to_state(candidate)
    return None


def _one_bit_away(field: object) -> Iterator[object]:
    if isinstance(field, int):
        yield from (field ^ (1 << bit) for bit in range(63))
    elif isinstance(field, str):
        stored = field.encode()
        for place in range(8 * len(stored)):
            flipped = bytearray(stored)
            flipped[place // 8] ^= 1 << place % 8
            yield flipped.decode(errors="replace")


def _what_is_left(db: sqlite3.Connection, row: Sequence[object], seen: Seen) -> State:
    _, _, _, _, name, fingerprint, _, identity, _, _ = row or (None,) * 10
    if not isinstance(identity, str) or not identity:
        identity = seen[0] or draw_identity()
    generation = time.time_ns()  # beyond every count, and beyond that of an earlier repair
    return State(
        generation=generation,
        removed_at=generation,
        unscrubbed=True,
        encoder=_encoder(db, name, fingerprint),
        identity=identity,
        commits=seen[1] if seen[0] == identity else 0,
    )


def _encoder(db: sqlite3.Connection, name: object, fingerprint: object) -> EncoderInfo | None:
    """The encoder as the row names it, with as many numbers as most vectors have."""
    common = "SELECT length(vector) / 4 AS dim FROM vectors GROUP BY dim ORDER BY count(*) DESC LIMIT 1"
    found = db.execute(common).fetchone()
    if found is None:
        return None
    return EncoderInfo(_text(name), _text(fingerprint), found[0])


def _text(value: object) -> str:
    return value if isinstance(value, str) and value else UNKNOWN
