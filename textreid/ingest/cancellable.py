"""Stopping in the middle of a long video."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from textreid.people.detectors.boxes import Boxes, Detector


class CancelledError(BaseException):
    """Nobody waits for this source any more; no fault of it, so not an `Exception`."""


class CancellableDetector:
    """A detector that can be told to stop, so that nobody waits for the end of a long video."""

    def __init__(self, detector: Detector) -> None:
        self.name = detector.name
        self._detector = detector
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Raise `CancelledError` wherever this detector is used from now on."""
        self._cancelled.set()

    def detect(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        """As the detector does."""
        if self._cancelled.is_set():
            raise CancelledError
        return self._detector.detect(images)
