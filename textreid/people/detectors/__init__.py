"""Who looks for people in an image. One file a family; `load_detector` picks by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.people.detectors.boxes import Boxes, Detector
    from textreid.people.detectors.load import load_detector
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = ["Boxes", "Detector", "load_detector"]
