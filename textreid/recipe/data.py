"""What a model learns from, and what a batch is."""

from __future__ import annotations

from dataclasses import dataclass, field

from textreid.config import LARGEST_SEED, require_between
from textreid.errors import InputError

LARGEST_BATCH = 65_536


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
        image_folder: what the paths in a table of one's own lie below, if not below its own folder.
        sources: only images of these sources, the first folder of their paths, such as "CUHK03" of
            cuhk-pedes; empty for all.
        labels: False: who its images show is not read, as of data that nobody has labelled.
        generated: its images were drawn by a network and show nobody; `sampler.generated` of them join each
            batch, and the loss `lsro` learns from them.
    """

    name: str
    root: str = ""
    split: str = "train"
    identities: int = 0
    images: int = 4
    seed: int = 0
    trust: dict[str, float] = field(default_factory=dict)
    attributes: str = ""
    image_folder: str = ""
    sources: tuple[str, ...] = ()
    labels: bool = True
    generated: bool = False

    def __post_init__(self) -> None:
        require_between(self, 0, 100_000, "identities")
        require_between(self, 1, 1_000, "images")
        require_between(self, 0, LARGEST_SEED, "seed")
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
        generated: generated images that join those P × K, from the data sets that hold such.
        unknown: images of nobody known that join them, for losses such as `oim` and `distillation`.
    """

    identities: int = 32
    images: int = 2
    balance: bool = False
    hard_neighbours: int = 0
    generated: int = 0
    unknown: int = 0

    def __post_init__(self) -> None:
        require_between(self, 1, LARGEST_BATCH, "identities", "images")
        require_between(self, 0, 1_000, "hard_neighbours")
        require_between(self, 0, LARGEST_BATCH, "generated", "unknown")
        if self.identities * self.images < 2:
            raise InputError("A batch of one image compares nothing: take 2 identities or more.")
        if self.identities * self.images > LARGEST_BATCH:
            raise InputError(
                f"identities is {self.identities} and images {self.images}; their product, the images of"
                f" a batch, may be {LARGEST_BATCH:,} at most."
            )
