"""Uploads that the page has received: what a caller may name is nothing else on this machine."""

from __future__ import annotations

from pathlib import Path

from gradio.utils import get_upload_folder

from textreid.errors import InputError


def find_upload(payload: object) -> Path:
    """The uploaded file that a caller of the API refers to.

    A caller could name any path of this machine; only what was uploaded through the page is accepted.

    Raises:
        InputError: it is no uploaded file.
    """
    named = payload.get("path") if isinstance(payload, dict) else payload
    path = Path(named).resolve() if isinstance(named, str) and "\0" not in named else None
    if path is None or not path.is_relative_to(Path(get_upload_folder()).resolve()) or not path.is_file():
        raise InputError("Upload the file first: with gradio_client, wrap its path in handle_file(...).")
    return path
