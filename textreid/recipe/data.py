"""What a model learns from, and what a batch is."""

from __future__ import annotations

from dataclasses import dataclass, field

from textreid.config import require_at_least
from textreid.errors import InputError


@dataclass(frozen=True)
class DataRecipe:
    """One data set: an official one under `root`, or "synthetic" people drawn for this run.

    Attributes:
        name: a data set's name, or "synthetic".
        root: folder that holds it; not for "synthetic".
        split: which of its splits.
        identities: how many people to draw, for "synthetic"; seven in ten are its train split.
        images: crops of each of them.
        seed: of their drawing.
        trust: source of captions, as the data set names it -> how far they are believed, 0 to 1; 1 for
            sources that are not named. Losses between images and texts count a pair by it.
        attributes: where more attributes come from than the data set has: "captions", or the path of an
            annotation file; see `textreid.data.attributes.space`.
    """

    name: str
    root: str = ""
    split: str = "train"
    identities: int = 0
    images: int = 4
    seed: int = 0
    trust: dict[str, float] = field(default_factory=dict)
    attributes: str = ""

    def __post_init__(self) -> None:
        for source, trust in self.trust.items():
            if not 0 <= trust <= 1:
                raise InputError(f"trust.{source} is {trust}; it must be between 0 and 1.")


@dataclass(frozen=True)
class SamplerRecipe:
    """What a batch is; see `textreid.data.samplers.IdentitySampler`.

    Attributes:
        identities: P, different identities of a batch.
        images: K, crops of each.
        balance: let every data set fill the same part of an epoch, however large it is.
        hard_neighbours: how many of the identities that look most like it each identity brings into a batch;
            they are found anew before every epoch, see `textreid.training.mining.hard_identities`.
    """

    identities: int = 32
    images: int = 2
    balance: bool = False
    hard_neighbours: int = 0

    def __post_init__(self) -> None:
        require_at_least(self, 1, "identities", "images")
        require_at_least(self, 0, "hard_neighbours")
