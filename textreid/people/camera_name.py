"""Which camera took an image, as far as the name of its file tells."""

from __future__ import annotations

import re
from pathlib import PurePath

# Market-1501 and its relatives: identity, camera, sequence, frame: 0002_c1s1_000451_03.jpg
_MARKET = re.compile(r"-?\d+_c(\d+)(s\d+)?_")


def photo_camera(path: PurePath) -> str | None:
    """`0002_c1s1_000451_03.jpg` -> "c1"; otherwise the name of the photo's folder, if it has one."""
    market = _MARKET.match(path.name)
    return f"c{market[1]}" if market else path.parent.name or None
