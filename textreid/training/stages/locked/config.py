"""The options of a locked stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textreid.config import require_above, require_at_least, require_between, require_fraction
from textreid.errors import InputError
from textreid.recipe.recipe import Recipe
from textreid.training.schedule import HIGHEST_RATE
from textreid.training.stage import StageConfig


@dataclass(frozen=True)
class Config(StageConfig):
    """A stage in which one tower learns and the other is frozen; see `textreid.training.stages.locked.stage`.

    Attributes:
        frozen: the tower that is locked. With "image" the text tower and the matcher learn, each caption
            against all crops that have captions, and `text_rate`, `candidates` and `negatives` count. With
            "text" the image tower learns, each crop against all captions, and `image_rate`, `identification`
            and `drift_weight` count.
        epochs: over all captions, or all crops.
        batch: captions, or crops, of a step, of all processes together.
        image_rate: peak learning rate of the image tower.
        text_rate: peak learning rate of the text tower.
        head_rate: peak learning rate of what follows a tower, and of the matcher.
        temperature: that cosines are divided by.
        identity_share: fraction of the softmax target that is spread evenly over everything of the same
            identity, 0 to 1; the rest is for the one crop or caption that belongs to the other.
        views: versions of what the frozen tower sees: as it is, and one less varied as in training.
        candidates: crops of other identities that a search for the caption finds first, from which the
            matcher's negatives are drawn.
        negatives: how many of them the matcher sees beside the caption's own crop.
        identification: weight of telling all identities of the training data apart by their crops.
        drift_weight: weight of 1 - cos(now, start), for crops without captions.
    """

    frozen: Literal["image", "text"] = "image"
    epochs: int = 4
    batch: int = 64
    image_rate: float = 1e-4
    text_rate: float = 2e-4
    head_rate: float = 5e-4
    temperature: float = 0.03
    identity_share: float = 0.3
    views: int = 2
    candidates: int = 100
    negatives: int = 7
    identification: float = 0.5
    drift_weight: float = 5.0

    def __post_init__(self) -> None:
        require_between(self, 1, 100_000, "epochs", "batch", "candidates")
        require_between(self, 1, 1_000, "views", "negatives")
        require_at_least(self, 0, "identification", "drift_weight")
        require_between(self, 0, HIGHEST_RATE, "image_rate", "text_rate", "head_rate")
        require_above(self, 0, "temperature")
        require_fraction(self, "identity_share")

    def check(self, recipe: Recipe) -> None:
        """Raise `InputError` where the model reads no text."""
        if not recipe.model.reads_text:
            raise InputError(
                "A locked stage trains with captions, and this model reads none: leave 'locked' out."
            )
