"""Photos and video into a gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.ingest.indexing import AddReport, IndexProgress
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = ["AddReport", "IndexProgress"]
