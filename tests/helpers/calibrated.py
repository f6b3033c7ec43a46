"""The toy model with scores that are known to mean something."""

from __future__ import annotations

from tests.helpers.toy import ToyEncoder
from textreid.inference.calibration import Calibration, Scale

NEEDED = {0.01: 0.95, 0.05: 0.8, 0.5: 0.4}
"""False-alarm rate -> the score that it takes, in a gallery of any size."""

SCALE = Scale(
    "drawn val",
    slope=12.0,
    offset=-6.0,
    sizes=(1, 1000),
    rates=tuple(NEEDED),
    thresholds=(tuple(NEEDED.values()),) * 2,
)


class CalibratedToy(ToyEncoder):
    """Knows what its scores mean, for descriptions and for photos."""

    calibration = Calibration("toy-1", text=SCALE, photo=SCALE)

    def reads_a_word(self, text: str) -> bool:
        """It reads Latin letters alone."""
        return any(letter.isascii() and letter.isalpha() for letter in text)
