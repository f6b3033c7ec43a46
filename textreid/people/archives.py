"""The people in the photos of a zip file, read one at a time in memory; nothing is ever unpacked to disk."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import UTC, tzinfo
from pathlib import Path, PurePosixPath, PureWindowsPath

from textreid.errors import ImageError, InputError
from textreid.io.images import open_image
from textreid.io.reason import reason_of
from textreid.people.camera_name import photo_camera
from textreid.people.detectors.boxes import Detector
from textreid.people.file_kind import HEAD, kind_of
from textreid.people.folders import is_left_out, natural
from textreid.people.guard import skipped
from textreid.people.photos import notes_of, sightings
from textreid.people.sightings import Found, Note, Sighting, Skipped, settings_of
from textreid.people.source_files import Source
from textreid.people.zip_names import named_members
from textreid_index.records import MEMBER_MARK

MAX_BYTES = 256 * 2**20
"""Unpacked size above which a member is not touched: more than any image within the pixel limit needs."""


def find(
    source: Source,
    detector: Detector | None,
    camera: str | None,
    resume_at: float | None,
    zone: tzinfo = UTC,
) -> Iterator[Found | Skipped]:
    """The people of an archive, photo by photo in natural order; `resume_at` counts members.

    Raises:
        InputError: it is no archive that can be read.
    """
    settings, people, others = settings_of(detector), 0, list[str]()
    first = int(resume_at or 0)
    with _opened(source.path) as archive:
        members = _members(archive)
        for number, (inside, member) in enumerate(members[first:], first + 1):
            name = f"{source.key}{MEMBER_MARK}{inside}"
            found, notes = list[Sighting](), tuple[Note, ...]()
            try:
                if _is_photo(archive, member, inside):
                    photo = open_image(
                        read_member(archive, member), name=PurePosixPath(inside).name, zone=zone
                    )
                    place = camera or photo_camera(PurePosixPath(inside)) or source.path.stem
                    found, notes = sightings(photo, name, detector, place), notes_of(photo, name)
                else:
                    others.append(inside)
            except Exception as error:
                yield skipped(name, error)
            people += len(found)
            state = source.state(settings, "partial", people, resume_at=float(number))
            yield Found(state, found, number / len(members), notes)
    yield Found(source.state(settings, "done", people), [], notes=_passed_over(source.key, others))


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of one member.

    Raises:
        ImageError: it is encrypted, broken, or unpacks to more than `MAX_BYTES`.
    """
    if member.file_size > MAX_BYTES:
        raise ImageError(f"unpacks to more than {MAX_BYTES // 2**20} MB.")
    return _unpacked(archive, member)


def open_member(path: Path, name: str) -> bytes:
    """The bytes of a member of the zip file at `path`.

    Args:
        path: of the archive.
        name: as `named_members` has it, or as Python reads it, which version 0.1 stored.

    Raises:
        InputError: there is no such archive or member, or it cannot be read.
    """
    with _opened(path) as archive:
        member = {each.filename: each for each in archive.infolist()} | named_members(archive)
        if name not in member:
            raise InputError(f"{path} holds no {name} any more.")
        return read_member(archive, member[name])


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except NotImplementedError as error:
        raise InputError(f"a zip file of a newer kind than can be read: {reason_of(error)}.") from error
    except Exception as error:
        raise InputError(f"broken zip file: {reason_of(error)}.") from error


def _members(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    named = named_members(archive)
    return [
        (name, named[name])
        for name in sorted(named, key=natural)
        if not named[name].is_dir() and not any(map(is_left_out, set(name.split("/")) - {".", ".."}))
    ]


def _is_photo(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bool:
    """Whether a member is a photo; False if it is nothing that is read.

    Raises:
        ImageError: it is a film or an archive, its path leads outside, or it cannot be read.
    """
    path = PureWindowsPath(name)  # knows both separators, and drives
    if path.drive or path.root or ".." in path.parts:
        raise ImageError("its path leads outside the archive.")
    kind = kind_of(name, _unpacked(archive, member, HEAD))
    if kind in ("video", "zip"):
        raise ImageError(f"a {kind} inside a zip file. Unpack the archive first.")
    return kind == "photo"


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, size: int = -1) -> bytes:
    """The first bytes of a member, or all of them, whose checksum is compared then."""
    if member.flag_bits & 1:
        raise ImageError("encrypted. Unpack the archive first.")
    try:
        with archive.open(member) as file:
            return file.read(size)
    except Exception as error:
        raise ImageError(f"broken in the archive: {reason_of(error)}.") from error


def _passed_over(key: str, names: list[str]) -> tuple[Note, ...]:
    if not names:
        return ()
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return (Note(key, f"no photos, and passed over: {', '.join(names[:3])}{more}."),)
