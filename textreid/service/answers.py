"""What programs are told about a gallery, in values that JSON can hold."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from textreid.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

    from textreid.ingest.indexing import AddReport
    from textreid.service.desk import Desk
    from textreid_index import Record


def describe_gallery(desk: Desk) -> dict[str, Any]:
    """How many people the gallery holds, its cameras, and the model it was made with."""
    encoder = desk.gallery.encoder
    return {
        "people": len(desk.gallery),
        "cameras": desk.gallery.cameras(),
        "model": encoder.name if encoder else None,
    }


def describe_person(desk: Desk, id: str) -> dict[str, Any]:
    """What is known about one person, with a JPEG thumbnail in base64 and who was seen around then.

    Raises:
        UnknownPersonError: nobody has that id.
    """
    found = desk.gallery.get(id)
    return {
        **describe_record(found),
        "thumbnail": base64.b64encode(desk.gallery.thumbnail(id)).decode("ascii"),
        "neighbours": [describe_record(near) for near in desk.neighbours(id)],
    }


def describe_record(record: Record) -> dict[str, Any]:
    """Who was seen where and when."""
    return {
        "id": record.id,
        "source": record.source,
        "box": None if record.box is None else list(record.box),
        "camera": record.camera,
        "time": record.when,
    }


def describe_report(report: AddReport) -> dict[str, Any]:
    """What became of files that were added."""
    return {
        "added": report.added,
        "known": report.known,
        "empty": report.empty,
        "skipped": [{"source": skipped.source, "reason": skipped.reason} for skipped in report.skipped],
    }


def draw_frame(desk: Desk, id: str) -> bytes:
    """The full image with the person's box drawn, as JPEG.

    Raises:
        InputError: the file is gone, or cannot be shown.
        UnknownPersonError: nobody has that id.
    """
    image, missing = desk.frame(id)
    if image is None:
        raise InputError(missing)
    return to_jpeg(image)


def to_jpeg(image: Image, longest: int = 1600) -> bytes:
    """JPEG bytes of an image, scaled down until its longer side has at most `longest` pixels."""
    image = image.convert("RGB")
    image.thumbnail((longest, longest))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
