"""Published results to put a measured one beside, each with its source."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from textreid.config import build

FILE = Path(__file__).parent / "published.toml"


@dataclass(frozen=True)
class Published:
    """One row of somebody's table, in percent.

    Attributes:
        benchmark: name of the data set; the test split is meant.
        direction: such as "text_to_image".
        system: name of the method.
        source: where the numbers were read.
        venue: where it was published, if it was.
        backbone: the encoder.
        R1: rank-1, and so on; None where the source has none.
        R5: see `R1`.
        R10: see `R1`.
        mAP: in the convention that `average_precision` names.
        mINP: see `R1`.
        average_precision: "rectangle" or "trapezoid".
        selected: on which split the epoch was chosen: "test", "val" or "not stated".
        note: what makes the row another question than one vector per image.
    """

    benchmark: str
    direction: str
    system: str
    source: str
    venue: str = ""
    backbone: str = ""
    R1: float | None = None
    R5: float | None = None
    R10: float | None = None
    mAP: float | None = None  # noqa: N815
    mINP: float | None = None  # noqa: N815
    average_precision: str = "rectangle"
    selected: str = "not stated"
    note: str = ""

    @property
    def caveats(self) -> str:
        """What must be known before comparing, in words."""
        caveats = {
            "epoch chosen on test": self.selected == "test",
            "choice of epoch not stated": self.selected == "not stated",
            "mAP by trapezoids": self.average_precision == "trapezoid",
            self.note: bool(self.note),
        }
        return "; ".join(words for words, true in caveats.items() if true)


def published(benchmark: str, direction: str) -> list[Published]:
    """The rows of one benchmark and direction, best R1 first."""
    rows = [row for row in _all() if (row.benchmark, row.direction) == (benchmark, direction)]
    return sorted(rows, key=lambda row: -(row.R1 or 0))


@cache
def _all() -> tuple[Published, ...]:
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        build(Published, row, where=f"{FILE.name}, row {number}") for number, row in enumerate(table["row"])
    )
