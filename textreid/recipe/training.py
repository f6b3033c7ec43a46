"""How a model is trained: phases, towers that stand still, wrong pairs, the optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textreid.config import require_above, require_at_least, require_fraction
from textreid.errors import InputError


@dataclass(frozen=True)
class NoiseRecipe:
    """How wrong pairs of crops and captions are found: noisy correspondence.

    See `textreid.training.mining.noisy_pairs`.

    Attributes:
        warmup: epochs in which all pairs are believed, before each of the others looks for wrong ones.
    """

    warmup: int = 1

    def __post_init__(self) -> None:
        require_at_least(self, 1, "warmup")


@dataclass(frozen=True)
class LockedRecipe:
    """A stretch of training, after the phases, in which one tower learns and the other stands still.

    See `textreid.training.stages.locked.stage`.

    Attributes:
        frozen: the tower that is locked. With "image" the text tower and the matcher learn, each caption
            against all crops that have captions, and `text_rate`, `candidates` and `negatives` count. With
            "text" the image tower learns, each crop against all captions, and `image_rate`, `identification`
            and `drift_weight` count.
        epochs: over all captions, or all crops.
        batch: captions, or crops, of a step.
        image_rate: peak learning rate of the image tower.
        text_rate: peak learning rate of the text tower.
        head_rate: peak learning rate of what follows a tower, and of the matcher.
        temperature: that cosines are divided by.
        identity_share: fraction of the softmax target that is spread evenly over everything of the same
            identity, 0 to 1; the rest is for the one crop or caption that belongs to the other.
        views: versions of what stands still: as it is, and so many less one varied as in training.
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
        require_at_least(self, 1, "epochs", "batch", "views", "candidates", "negatives")
        require_at_least(self, 0, "image_rate", "text_rate", "head_rate", "identification", "drift_weight")
        require_above(self, 0, "temperature")
        require_fraction(self, "identity_share")


@dataclass(frozen=True)
class OptimizerRecipe:
    """How gradients become changes of the weights; the rates themselves belong to a `Phase`.

    Attributes:
        name: "adamw", "adam" (the decay is part of the gradient) or "sgd" (with Nesterov's momentum).
        weight_decay: of matrices and kernels; gains and biases are not pulled to zero.
        betas: memory of the mean and of the square of gradients, for "adamw" and "adam".
        epsilon: added to the root of the latter, for "adamw" and "adam".
        momentum: memory of the gradients, for "sgd".
        bias_factor: factor in the rate of biases.
        layer_decay: factor in the rate of each layer of a tower, from its last down to its first; 1 for none
            (Clark et al., "ELECTRA", ICLR 2020).
        clip: largest norm of the model's gradient.
    """

    name: Literal["adamw", "adam", "sgd"] = "adamw"
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    momentum: float = 0.9
    bias_factor: float = 1.0
    layer_decay: float = 1.0
    clip: float = 5.0

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight_decay", "momentum", "bias_factor")
        require_above(self, 0, "epsilon", "layer_decay", "clip")


@dataclass(frozen=True)
class Phase:
    """A stretch of training at one resolution; the learning rate warms up, then falls.

    Attributes:
        epochs: how many.
        image_size: (height, width) in pixels.
        image_rate: peak learning rate of the image tower.
        text_rate: of the text tower.
        head_rate: of projections, branches, necks and classifiers.
        warmup: epochs over which the rate rises to its peak; a quarter of the phase at most.
        schedule: how it falls after that: by half a "cosine", or in "steps".
        final: fraction of the peak that is left at the end of the cosine.
        drops: epochs of this phase after which a rate that falls in steps is multiplied by `drop`.
        drop: the factor of each of `drops`.
        frozen: modules that stay as they are in this phase alone, such as "image_tower".
    """

    epochs: int
    image_size: tuple[int, int] = (256, 128)
    image_rate: float = 5e-4
    text_rate: float = 1e-4
    head_rate: float = 1e-3
    warmup: float = 0.4
    schedule: Literal["cosine", "steps"] = "cosine"
    final: float = 0.0
    drops: tuple[int, ...] = ()
    drop: float = 0.1
    frozen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_at_least(self, 1, "epochs")
        require_at_least(self, 0, "image_rate", "text_rate", "head_rate", "warmup", "final", "drop")
        if min(self.image_size) < 32:
            raise InputError(f"image_size is {list(self.image_size)}; both sides need 32 pixels or more.")
