"""How crops and captions are varied in training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textreid.config import require_between, require_fraction
from textreid.errors import InputError


@dataclass(frozen=True)
class AugmentRecipe:
    """How crops are varied in training; see `textreid.data.image_augment`.

    Attributes:
        flip: probability of a mirror image.
        pad: pixels added on each side before a random crop back to size.
        erase: probability that a rectangle of `erase_area` is erased (Zhong et al., "Random Erasing", AAAI
            2020).
        erase_with: what fills it: "mean", the colour that is 0 after normalisation; "colour", one at random;
            or "noise", one for each pixel.
        erase_area: smallest and largest fraction of the crop.
        jitter: strength of brightness, contrast and saturation changes; hue stays, captions name colours.
        policy: "randaugment" (Cubuk et al., 2020) or "autoaugment" (Cubuk et al., 2019), or "" for neither;
            both turn colours too.
        policy_probability: of the policy.
        grey: probability that a rectangle of 2–40 % loses its colours (Gong et al., "A Person
            Re-identification Data Augmentation Method with Adversarial Defense Effect", 2021); captions name
            colours, so this is for training on images.
        grey_all: probability that the whole crop does.
    """

    flip: float = 0.5
    pad: int = 10
    erase: float = 0.3
    erase_with: Literal["mean", "colour", "noise"] = "mean"
    erase_area: tuple[float, float] = (0.02, 0.2)
    jitter: float = 0.1
    policy: Literal["", "randaugment", "autoaugment"] = ""
    policy_probability: float = 0.1
    grey: float = 0.0
    grey_all: float = 0.0

    def __post_init__(self) -> None:
        require_between(self, 0, 1_000, "pad")
        require_between(self, 0, 10, "jitter")
        require_fraction(self, "flip", "erase", "policy_probability", "grey", "grey_all")
        low, high = self.erase_area
        if not 0 < low <= high <= 1:
            raise InputError(
                f"erase_area is {list(self.erase_area)}; it must be two fractions, the smaller first."
            )


@dataclass(frozen=True)
class TextRecipe:
    """How captions are varied in training; see `textreid.data.text_augment`.

    Attributes:
        shuffle: probability that the sentences of a caption change places.
        clauses: fraction of the clauses ("with a black backpack", "and blue jeans") that are left out.
        synonyms: fraction of the words with synonyms that are replaced by one.
        delete: fraction of the words that are left out.
        mask: fraction of the tokens that are hidden.
        predict: fraction of the tokens that are hidden in a second copy of each caption, for the loss `mlm`
            to predict.
    """

    shuffle: float = 0.0
    clauses: float = 0.0
    synonyms: float = 0.0
    delete: float = 0.0
    mask: float = 0.0
    predict: float = 0.0

    def __post_init__(self) -> None:
        require_fraction(self, "shuffle", "clauses", "synonyms", "delete", "mask", "predict")
