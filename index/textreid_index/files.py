"""What a gallery knows of files: by which names, at which paths, and who was deleted from them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from textreid_index import in_use
from textreid_index.errors import GalleryError, InvalidValueError, UnknownSourceError
from textreid_index.records import UPLOADS, SourceState
from textreid_index.source_keys import source_key, source_path
from textreid_index.store import copies_table as copies
from textreid_index.store import deletions_table as deletions
from textreid_index.store import people_table as people
from textreid_index.store import sources_table as sources
from textreid_index.store.copies_table import Copy
from textreid_index.store.deletions_table import Deletion
from textreid_index.store.gallery_table import advance
from textreid_index.store.names import find_camera, find_source
from textreid_index.store.renaming import drop_file, expand, rename_copies, rename_files
from textreid_index.store.sqlite import Store


class Files:
    """The files of a gallery, as `Gallery.files` gives them.

    A file is known by its key: its path, or its name relative to the gallery where it lies inside. Content
    that lies at several paths is known under one of them, with the others as copies.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def key(self, path: str | Path) -> str:
        """The key of a file, folder or `archive.zip!member`, however it is written; it need not be known.

        Raises:
            InvalidValueError: the name is empty.
        """
        if path == "":
            raise InvalidValueError('"" names no file: name one, or a folder.')
        return source_key(path, self._store.file.parent)

    def path(self, key: str) -> Path:
        """Where the file with this key lies, or should lie."""
        return source_path(key, self._store.file.parent)

    def is_inside(self, key: str) -> bool:
        """Whether the file lies in the gallery's own folder."""
        return (self._store.file.parent / key).resolve().is_relative_to(self._store.file.parent.resolve())

    def find(self, name: str) -> str:
        """The key of a file or folder that the gallery knows, by any spelling of its path.

        Where nothing is called exactly so, Unicode's form and the case of letters do not count.

        Raises:
            UnknownSourceError: nothing has this name, or several things have; names the nearest.
            InvalidValueError: the name is empty.
        """
        key = self.key(name)
        with self._store.reading() as db:
            return find_source(db, [key, name])

    def find_all(self, name: str) -> list[str]:
        """As `find`; where the gallery itself lies in that folder, its uploads too.

        Raises:
            UnknownSourceError: neither is known.
            InvalidValueError: the name is empty.
        """
        uploads = list[str]()
        if self._store.file.parent.resolve().is_relative_to(self.key(name)):
            with self._store.reading() as db, suppress(UnknownSourceError):
                uploads = [find_source(db, [UPLOADS])]
        try:
            return [self.find(name), *uploads]
        except UnknownSourceError:
            if not uploads:
                raise
            return uploads

    def find_camera(self, name: str) -> str:
        """The name of a camera that the gallery knows, by any spelling of it.

        Raises:
            UnknownSourceError: there is none, or there are several; names the nearest.
        """
        with self._store.reading() as db:
            return find_camera(db, name)

    def of_content(self, content: str) -> list[SourceState]:
        """The states of the files outside the gallery's folder that have this content."""
        with self._store.reading() as db:
            states = sources.read_of_content(db, content)
        return [state for state in states if not self.is_inside(state.key)]

    def sizes(self) -> set[int]:
        """The sizes in bytes of all files that are known: a file of another size is new."""
        with self._store.reading() as db:
            return sources.sizes(db)

    def owners(self, ids: Collection[str]) -> dict[str, str]:
        """The keys of the files in which people with these ids were found, by id."""
        with self._store.reading() as db:
            return people.files_of(db, ids)

    def found_since(self, state: SourceState) -> set[str]:
        """The ids of those whom this reading of a video has found after the moment to go on from."""
        with self._store.reading() as db:
            return people.ids_since(db, state.key, state.reading, state.resume_at or 0.0)

    def deleted(self, state: SourceState) -> list[Deletion]:
        """Who was deleted by hand from a file that stays known, if it has the same content still."""
        with self._store.reading() as db:
            stored = sources.read(db, state.key)
            if stored is None or stored.content not in (None, state.content):
                return []
            return deletions.read(db, state.key)

    def states(self, keys: Sequence[str]) -> dict[str, SourceState]:
        """The states of those of the files that have one, by key."""
        with self._store.reading() as db:
            return {key: state for key in keys if (state := sources.read(db, key))}

    def copies_at(self, keys: Sequence[str]) -> dict[str, Copy]:
        """Those of the keys under which a copy of another file is known."""
        with self._store.reading() as db:
            return {key: copy for key in keys if (copy := copies.read(db, key))}

    def is_named(self, ending: str) -> bool:
        """Whether anybody is from a file whose key is this, or ends so after another folder."""
        with self._store.reading() as db:
            return people.is_from(db, ending)

    def remove_unused(self, keys: Collection[str]) -> None:
        """Delete those of the gallery's own files among `keys` from which nobody is left, and their states.

        Where any record names a file, also by a path where the gallery once lay, it stays; and so does one
        that is `in_use`, which whoever uses it removes afterwards.

        Raises:
            GalleryError: a file cannot be removed; or as for `Gallery.delete`.
        """
        with self._store.reading() as db:
            unused = [key for key in keys if _is_upload(key) and not people.is_from(db, key)]
            known = [key for key in unused if sources.find(db, key) is not None]
        if known:
            with self._store.erasing() as db:
                for key in known:
                    if not people.is_from(db, key):
                        sources.erase(db, key)
        for key in unused:
            file = self._store.file.parent / key
            try:
                with in_use.unused(file) as free:
                    if free and not self.is_named(key):
                        file.unlink(missing_ok=True)
            except OSError as error:
                raise GalleryError(
                    f"Nobody is left from {file}, but it cannot be removed: {error.strerror}."
                    " Remove it yourself."
                ) from error

    def count(self, keys: Sequence[str]) -> int:
        """How many people were found in these files, in whatever reading."""
        with self._store.reading() as db:
            return people.count_files(db, keys)

    def copies(self, key: str | None = None) -> list[Copy]:
        """The copies of the file with this key; of all files for None."""
        with self._store.reading() as db:
            return copies.read_all(db) if key is None else copies.read_of(db, key)

    def note_copies(self, found: Collection[Copy]) -> None:
        """Note further paths of known content; what was known under such a path itself goes."""
        if found:
            with self._store.writing() as db:
                for copy in found:
                    drop_file(db, copy.path)
                    copies.write(db, copy)
                advance(db, removed=True)

    def drop_copies(self, paths: Collection[str]) -> None:
        """Note that nothing lies at these paths any more."""
        if paths:
            with self._store.writing() as db:
                for path in paths:
                    copies.delete(db, path)

    def rename(self, names: Mapping[str, str]) -> int:
        """Note that files have other keys now, all at the same time; returns how many people came along.

        What was known under a new key, and is not renamed itself, goes.

        Args:
            names: new keys by old ones.
        """
        if not names:
            return 0
        with self._store.writing() as db:
            count = rename_files(db, names)
            advance(db, removed=True)
        return count

    def move(self, old: str, new: str) -> int:
        """Note that a file, or a folder with all below it, lies elsewhere now; returns how many people moved.

        Args:
            old: its key until now.
            new: its key from now on.

        Raises:
            InvalidValueError: a key is empty, nothing is known there, or something is known at the new place.
        """
        if "" in (old, new):
            raise InvalidValueError('"" names no file: name one, or a folder.')
        with self._store.writing() as db:
            names = expand(db, old, new)
            taken = [name for name in names.values() if name not in names and sources.find(db, name)]
            if taken:
                raise InvalidValueError(
                    f"The gallery knows {taken[0]} already. Forget it first, or move to another name."
                )
            count = rename_files(db, names)
            if not rename_copies(db, old, new) and not names:
                raise InvalidValueError(f"The gallery knows nothing at {old}.")
            advance(db, removed=True)
        return count

    def gone(self) -> list[str]:
        """The keys of all files that are not on the disk any more, sorted.

        Of content that lies elsewhere too, the other path is the one it is known under from now on.
        """
        here = {copy.path: copy for copy in self.copies() if self.path(copy.path).exists()}
        elsewhere = {copy.source: copy.path for copy in here.values()}
        with self._store.reading() as db:
            keys = sources.keys(db)
        missing = [key for key in keys if not self.path(key).exists()]
        self.rename({key: elsewhere[key] for key in missing if key in elsewhere})
        self.drop_copies([copy.path for copy in self.copies() if copy.path not in here])
        return [key for key in missing if key not in elsewhere]


def _is_upload(key: str) -> bool:
    """Whether a file lies in the folder for what was handed to the gallery, and not below it."""
    folder, _, name = key.rpartition("/")
    return folder == UPLOADS and name not in ("", ".", "..")
