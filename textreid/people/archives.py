"""The people in the photos of a zip file, read one at a time in memory; nothing is ever unpacked to disk."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from textreid.errors import ImageError, InputError
from textreid.io.images import open_image
from textreid.io.reason import reason_of
from textreid.people.camera_name import photo_camera
from textreid.people.detectors.boxes import Detector
from textreid.people.guard import skipped
from textreid.people.photos import sightings
from textreid.people.sightings import Found, Sighting, Skipped, settings_of
from textreid.people.source_files import Source, kind_of, natural
from textreid_index.records import MEMBER_MARK

MAX_BYTES = 256 * 2**20
"""Unpacked size above which a member is not touched: more than any image within the pixel limit needs."""


def find(
    source: Source, detector: Detector | None, camera: str | None, resume_at: float | None
) -> Iterator[Found | Skipped]:
    """The people of an archive, photo by photo in natural order; `resume_at` counts photos.

    Raises:
        InputError: it is no archive that can be read.
    """
    with _opened(source.path) as archive:
        yield from _members(archive, source, detector, camera, int(resume_at or 0))


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except Exception as error:
        raise InputError(f"broken zip file: {reason_of(error)}.") from error


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of one member.

    Raises:
        ImageError: it is encrypted, broken, or unpacks to more than `MAX_BYTES`.
    """
    if member.flag_bits & 1:
        raise ImageError("encrypted. Unpack the archive first.")
    if member.file_size > MAX_BYTES:
        raise ImageError(f"unpacks to more than {MAX_BYTES // 2**20} MB.")
    try:
        return archive.read(member)
    except Exception as error:
        raise ImageError(f"broken in the archive: {reason_of(error)}.") from error


def open_member(path: Path, name: str) -> bytes:
    """The bytes of member `name` of the zip file at `path`.

    Raises:
        InputError: there is no such archive or member, or it cannot be read.
    """
    with _opened(path) as archive:
        if name not in archive.namelist():
            raise InputError(f"{path} holds no {name} any more.")
        return read_member(archive, archive.getinfo(name))


def _members(
    archive: zipfile.ZipFile, source: Source, detector: Detector | None, camera: str | None, first: int
) -> Iterator[Found | Skipped]:
    settings, people = settings_of(detector), 0
    by_name = {member.filename: member for member in archive.infolist() if not _ignored(member)}
    members = [by_name[name] for name in sorted(by_name, key=natural)]
    for number, member in enumerate(members[first:], first + 1):
        name, found = f"{source.key}{MEMBER_MARK}{member.filename}", list[Sighting]()
        try:
            _check_name(member.filename)
            photo = open_image(read_member(archive, member))
            place = photo_camera(PurePosixPath(member.filename)) or source.path.stem
            found = sightings(photo, name, detector, camera or place)
        except Exception as error:
            yield skipped(name, error)
        people += len(found)
        state = source.state(settings, "partial", people, resume_at=float(number))
        yield Found(state, found, number / len(members))
    yield Found(source.state(settings, "done", people), [])


def _ignored(member: zipfile.ZipInfo) -> bool:
    parts = PureWindowsPath(member.filename).parts
    hidden = any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in parts)
    return member.is_dir() or hidden or kind_of(member.filename) is None


def _check_name(name: str) -> None:
    path = PureWindowsPath(name)  # knows both separators, and drives
    if path.drive or path.root or ".." in path.parts:
        raise ImageError("its path leads outside the archive.")
    if kind_of(name) != "photo":
        raise ImageError(f"a {kind_of(name)} inside a zip file. Unpack the archive first.")
