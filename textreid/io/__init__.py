"""Files in and out: images, folders that appear whole, run folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.io.images import open_image
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = ["open_image"]
