"""The name under which a gallery knows a file: the same for storing and for asking, however it was typed.

A file outside the gallery's folder is named by its absolute path with links resolved, in Unicode's composed
form (NFC), with "/" between the parts. A file inside is named relative to that folder, so that a gallery that
was moved, or is opened by a link, still knows its own. A photo inside a zip file is
"archive.zip!folder/photo.jpg".
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from textreid_index.records import MEMBER_MARK, MEMORY_PREFIX, UPLOADS


def source_key(path: str | Path, gallery: Path) -> str:
    """The name of a file, folder or `archive.zip!member` in the gallery in this folder.

    Args:
        path: as a person types it; "~" is the home folder. It need not exist.
        gallery: the gallery's folder.
    """
    text = str(path)
    if text.startswith(MEMORY_PREFIX):
        return text
    for archive, member in _archives(text):
        return f"{_file_key(archive, gallery)}{MEMBER_MARK}{_composed(member)}"
    return _file_key(text, gallery)


def source_path(key: str, gallery: Path) -> Path:
    """Where the file of this name lies, or should lie, in the spelling that the disk has.

    Args:
        key: from `source_key`; of a photo in a zip file, that of the zip file.
        gallery: the gallery's folder.
    """
    path = gallery / key
    places = [path]
    if not key.startswith(f"{UPLOADS}/"):
        places.append(Path(key))  # whoever fills a gallery may name files relative to where they work
    for place in places:
        if os.path.exists(place):  # noqa: PTH110  (no name is too long for it)
            return place
    found = Path(path.anchor)
    for part in path.parts[len(found.parts) :]:
        found = next(_same_name(found, part), found / part)
    return found


def folded(key: str) -> str:
    """What two spellings of a name have in common: Unicode's form and the case of letters do not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", key).casefold())


def _archives(text: str) -> Iterator[tuple[str, str]]:
    """What stands before and behind a mark, where a file lies before it and none is named by the whole."""
    if not os.path.exists(os.path.expanduser(text)):  # noqa: PTH110, PTH111  (as above)
        for place, letter in enumerate(text):
            if letter == MEMBER_MARK and os.path.isfile(os.path.expanduser(text[:place])):  # noqa
                yield text[:place], text[place + 1 :].replace("\\", "/")


def _file_key(path: str, gallery: Path) -> str:
    home, real = gallery.resolve(), Path(os.path.realpath(os.path.expanduser(path)))  # noqa: PTH111
    inside = real != home and real.is_relative_to(home)
    text = (real.relative_to(home) if inside else real).as_posix().encode(errors="replace").decode()
    return text if _has_twin(real, home / _composed(text)) else _composed(text)


def _has_twin(path: Path, composed: Path) -> bool:
    """Whether two files differ by Unicode's form alone."""
    return all(map(os.path.exists, (path, composed))) and not path.samefile(composed)


def _composed(text: str) -> str:
    """In composed form, and with "?" for what is not Unicode, which no database holds."""
    return unicodedata.normalize("NFC", text.encode(errors="replace").decode())


def _same_name(folder: Path, name: str) -> Iterator[Path]:
    """What is called so in a folder, in either of Unicode's forms."""
    try:
        if (folder / name).exists():
            yield folder / name
        elif unicodedata.normalize("NFD", name) != name:
            yield from (path for path in folder.iterdir() if _composed(path.name) == name)
    except OSError:  # not a folder, or one that cannot be read: nothing of this name is found there
        return
