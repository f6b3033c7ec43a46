"""What a file is: by its first bytes, and by the ending of its name where these do not tell."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Literal

from textreid.io.formats import SUFFIXES as PHOTOS
from textreid.io.formats import image_format

HEAD = 512
"""Bytes from the start of a file by which it is known."""

VIDEOS = frozenset(
    {".264", ".265", ".3g2", ".3gp", ".asf", ".avi", ".dav", ".divx", ".dv", ".f4v", ".flv", ".h264", ".h265"}
    | {".hevc", ".ivf", ".m2t", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mod", ".mov", ".mp4"}
    | {".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".ogv", ".qt", ".rm", ".rmvb", ".tod", ".trp", ".ts", ".vob"}
    | {".webm", ".wmv", ".wtv", ".y4m"}
)

SourceKind = Literal["photo", "video", "zip"]

_FILM = re.compile(
    rb"\0...(?:ftyp|moov|mdat|wide|pnot|skip|free|uuid)"  # QuickTime, MP4, 3GP
    rb"|\x1a\x45\xdf\xa3"  # Matroska, WebM
    rb"|(?:RIFF|ON2f)....(?:AVI |AVIX|AVI\x19|AMV )"
    rb"|OggS.{0,400}?(?:theora|OVP80|BBCD|fishead)"
    rb"|FLV\x01"
    rb"|\x30\x26\xb2\x75\x8e\x66\xcf\x11"  # ASF, WMV
    rb"|\0\0\0?\x01[\x09\x0f\x27\x40\x42\x46\x47\x67\xb0\xb3\xb5\xba]"  # MPEG program streams, bare H.26x
    rb"|(?:G.{187}){2}G|.{4}(?:G.{191}){2}G|(?:G.{203}){2}G"  # MPEG transport streams, of Blu-ray and DVB too
    rb"|DHAV|DHII|IMKH|\.RMF|DKIF|YUV4MPEG2|nut/multimedia|\x06\x0e\x2b\x34\x02\x05|\xb7\xd8\x00\x20\x37\x49",
    re.DOTALL,
)
_ZIP = re.compile(rb"PK(?:\x03\x04|\x05\x06|\x07\x08)")
_DOCUMENT = re.compile(  # office files, books and programs, by their first member
    rb"PK.{28}(?:\[Content_Types\]|mimetype|_rels/|docProps/|word/|xl/|ppt/|META-INF/|AndroidManifest|classes)",
    re.DOTALL,
)


def kind_of(name: str, head: bytes) -> SourceKind | None:
    """What is in a file; None if it is nothing that is read.

    An ending that is known counts where the content is not: such a file is broken, and said to be.

    Args:
        name: of the file.
        head: its first `HEAD` bytes.
    """
    suffix = PurePath(name).suffix.lower()
    image = image_format(head)
    if image is not None and not (image == "PPM" and suffix not in PHOTOS):  # two letters are no proof
        return "video" if suffix in (".mjpg", ".mjpeg") else "photo"
    if _FILM.match(head):
        return "video"
    if suffix == ".zip" or (_ZIP.match(head) and not _DOCUMENT.match(head)):
        return "zip"
    return "photo" if suffix in PHOTOS else "video" if suffix in VIDEOS else None
