"""Which camera took an image, as far as the name of its file tells."""

from __future__ import annotations

import re

_CAMERA = re.compile(r"(?:camera|cam|c)[- ]?(\d+)(?:s\d+)?", re.IGNORECASE)


def camera_number(name: str) -> str | None:
    """`c3`, `cam3`, `Camera 3` and `c3s1` (with a sequence) -> "3"; None if a name reads otherwise."""
    numbered = _CAMERA.fullmatch(name.strip())
    return numbered[1] if numbered else None


def camera_part(stem: str) -> str | None:
    """The part between underscores that reads like a camera: `0002_c1s1_000451_03` -> "c1s1"."""
    return next((part for part in stem.split("_") if camera_number(part)), None)
