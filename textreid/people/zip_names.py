"""The names of the members of a zip file, in whichever encoding its writer had."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable
from zipfile import ZipFile, ZipInfo

_UTF8_FLAG, _UNICODE_PATH = 0x800, 0x7075
_HAN = re.compile(rb"(?:[\x00-\x7f]|[\xb0-\xf7][\xa1-\xfe]|[\xa1-\xa9][\xa1-\xfe])*", re.DOTALL)  # GB 2312
_NO_WORD = re.compile(r"[\uff61-\uff9f\ue000-\uf8ff]")  # halves of kana, and what a standard leaves free
_WIDE = re.compile(r"(?:(?<=([\x00-\x7f]))|^)([^\x00-\x7f]+)(?=([\x00-\x7f]?))")


def named_members(archive: ZipFile) -> dict[str, ZipInfo]:
    """Every member by its name, in Unicode's composed form and with "/" between the parts.

    A name is UTF-8 if its flag or its Unicode extra field says so. The others share one encoding: UTF-8, the
    simplified Chinese of GBK, or Japanese Shift-JIS, the first in which all of them are words, else the
    Western CP850. Of two members of one name the later counts.
    """
    members = archive.infolist()
    silent = [_raw(member) for member in members if not member.flag_bits & _UTF8_FLAG]
    encoding = _common_encoding(silent)
    return {_slashes(_name(member, encoding)): member for member in members}


def _name(member: ZipInfo, encoding: str) -> str:
    if member.flag_bits & _UTF8_FLAG:
        return member.filename
    raw = _raw(member)
    return _from_extra_field(member.extra, raw) or raw.decode(encoding, errors="replace")


def _raw(member: ZipInfo) -> bytes:
    """The bytes of a name without the flag, which Python reads as CP437."""
    return member.filename.encode("cp437", errors="replace")


def _slashes(name: str) -> str:
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def _from_extra_field(extra: bytes, raw: bytes) -> str | None:
    """The name in Info-ZIP's Unicode path field, if it belongs to this name."""
    while len(extra) >= 4:
        kind, size = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        content, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and content[1:5] == zlib.crc32(raw).to_bytes(4, "little"):
            return content[5:].decode(errors="replace")
    return None


def _common_encoding(names: Iterable[bytes]) -> str:
    """The encoding of names without a word about it."""
    strange = [name for name in names if not name.isascii()]
    if _are(strange, "utf-8"):
        return "utf-8"
    if all(_HAN.fullmatch(name) for name in strange) and _are(strange, "gbk"):
        return "gbk"
    if _are_words(strange, "cp932"):
        return "cp932"
    return "gbk" if _are_words(strange, "gbk") else "cp850"


def _are(names: Iterable[bytes], encoding: str) -> bool:
    try:
        return all(name.decode(encoding) is not None for name in names)
    except UnicodeDecodeError:
        return False


def _are_words(names: Iterable[bytes], encoding: str) -> bool:
    """Whether names could be East Asian, by most of their characters.

    Western letters read so take the next letter with them: "Köln" has one such character among Latin letters.
    """
    if not _are(names, encoding):
        return False
    runs = [run for name in names for run in _WIDE.findall(name.decode(encoding))]
    mixed = sum(len(run[1]) for run in runs if _is_mixed(*run))
    return not any(_NO_WORD.search(run[1]) for run in runs) and 2 * mixed < sum(len(run[1]) for run in runs)


def _is_mixed(before: str, wide: str, after: str) -> bool:
    """Whether wide characters stand within a word of Latin letters."""
    near = before + after
    return near.lower() == near != near.upper() if len(wide) > 1 else any(map(str.isalpha, near))
