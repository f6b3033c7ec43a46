"""Paths as people and files spell them, refused where no file can have such a name."""

from __future__ import annotations

import os
from pathlib import Path

from textreid.errors import InputError

LONGEST_NAME, LONGEST_PATH = 255, 4095
"""Bytes, on the file systems of Linux and macOS."""


def typed_path(text: str | Path) -> Path:
    """The path, with "~" for a home.

    Raises:
        InputError: no file can be called so.
    """
    try:
        path = Path(text).expanduser()
        encoded = os.fsencode(path)
    except RuntimeError:
        raise InputError(f"'{text!s:.80}' begins with the home of a user who does not exist.") from None
    except UnicodeEncodeError:
        raise InputError(f"{text!s:.80} holds half a character: no file is called so.") from None
    if b"\0" in encoded:
        raise InputError(f"{text!s:.80} holds the character 0: no file is called so.")
    if len(encoded) > LONGEST_PATH or any(
        len(name) > LONGEST_NAME for name in encoded.split(os.sep.encode())
    ):
        raise InputError(
            f"'{text!s:.80}...' is too long for a file: a name has {LONGEST_NAME} bytes at most,"
            f" a path {LONGEST_PATH}."
        )
    return path
