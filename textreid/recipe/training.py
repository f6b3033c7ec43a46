"""How a model is trained: noisy pairs and the optimizer; stages have files of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textreid.config import require_above, require_at_least, require_between, require_proper_fraction
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
        require_between(self, 1, 10_000, "warmup")


@dataclass(frozen=True)
class OptimizerRecipe:
    """How gradients become changes of the weights; the rates themselves belong to the stages.

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
        require_at_least(self, 0, "weight_decay", "bias_factor")
        require_proper_fraction(self, "momentum", "betas")
        require_above(self, 0, "epsilon", "layer_decay")
        if not self.clip > 0:
            raise InputError(f"clip is {self.clip}; it must be above 0, such as 5.0, or inf for none.")
