"""No byte of whoever was deleted stays in a gallery's files."""

from __future__ import annotations

from pathlib import Path

from textreid_index.errors import GalleryBusyError, GalleryFullError
from textreid_index.store import gallery_table, migrations
from textreid_index.store.sqlite_errors import translate_errors
from textreid_index.store.writer import Writer


def scrub(writer: Writer, file: Path) -> None:
    """Rewrite the file after a deletion, without the bytes of those deleted, and empty the log.

    `secure_delete` alone does not do it: when SQLite moves rows between pages it leaves stale copies in the
    pages' gaps, which a later deletion of those rows does not reach. Copies of former formats, which hold the
    deleted too, are removed.

    Raises:
        GalleryBusyError: another program wrote, or read old pages, for too long.
        GalleryFullError: there is no room for the rewritten file.
    """
    try:
        with translate_errors(file.parent):
            _rewrite(writer, file)
    except (GalleryBusyError, GalleryFullError) as error:
        full = isinstance(error, GalleryFullError)
        reason = room_for_rewriting(file) if full else "another program is using it"
        raise type(error)(
            f"The people are deleted and no search finds them, but traces of them stay in {file}: it could"
            f" not be rewritten, because {reason}. The next deletion, or the next opening, does it."
        ) from error


def room_for_rewriting(file: Path) -> str:
    """How much room erasing takes, as the reason why it failed."""
    need = f"{file.stat().st_size / 1e6:,.1f} MB"
    return f"it takes {need} of free space on its disk, and as much for temporary files"


def _rewrite(writer: Writer, file: Path) -> None:
    with writer.connection() as db:
        state = gallery_table.read_state(db)
    if not state.unscrubbed:
        return
    for copy in migrations.copies(file):
        copy.unlink(missing_ok=True)
    writer.rewrite()
    with writer.transaction() as db:
        if gallery_table.read_state(db).removed_at == state.removed_at:  # nobody else has deleted since
            gallery_table.set_unscrubbed(db, False)
