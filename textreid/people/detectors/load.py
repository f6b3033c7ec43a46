"""A detector by its name."""

from __future__ import annotations

from textreid.people.detectors.boxes import Detector


def load_detector(name: str = "auto") -> Detector:
    """Load who looks for people."""
    from textreid.people.detectors.hog import HogDetector

    return HogDetector()
