"""Who looks for people in a picture. One file a family; `load_detector` picks by name."""

from __future__ import annotations

from textreid.people.detectors.boxes import Boxes, Detector
from textreid.people.detectors.load import load_detector

__all__ = ["Boxes", "Detector", "load_detector"]
