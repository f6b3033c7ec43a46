"""How long a stage trains, and how fast at each step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

from textreid.config import require_at_least, require_between

HIGHEST_RATE = 1e30
"""Optimizers cannot compute with rates that are much higher."""


@dataclass(frozen=True)
class Schedule:
    """Peak learning rates, which are warmed up to and then fall.

    Attributes:
        epochs: how many.
        image_rate: peak learning rate of the image tower.
        text_rate: of the text tower.
        head_rate: of projections, branches, necks, classifiers and all else.
        warmup: epochs over which the rate rises to its peak; a quarter of all at most.
        schedule: how it falls after that: by half a "cosine", or in "steps".
        final: fraction of the peak that is left at the end of the cosine.
        drops: epochs after which a rate that falls in steps is multiplied by `drop`.
        drop: the factor of each of the `drops`.
    """

    epochs: int
    image_rate: float = 5e-4
    text_rate: float = 1e-4
    head_rate: float = 1e-3
    warmup: float = 0.4
    schedule: Literal["cosine", "steps"] = "cosine"
    final: float = 0.0
    drops: tuple[int, ...] = ()
    drop: float = 0.1

    def __post_init__(self) -> None:
        require_between(self, 1, 100_000, "epochs")
        require_between(self, 0, 100_000, "drops")
        require_at_least(self, 0, "warmup")
        require_between(self, 0, HIGHEST_RATE, "image_rate", "text_rate", "head_rate")
        require_between(self, 0, 1, "final", "drop")

    def fraction(self, step: int, steps_per_epoch: int) -> float:
        """Fraction of the peak learning rate.

        Args:
            step: changes of the weights so far, from 0.
            steps_per_epoch: changes of the weights in an epoch.
        """
        steps = self.epochs * steps_per_epoch
        warmup = min(round(self.warmup * steps_per_epoch), steps // 4)
        if step < warmup:
            return (step + 1) / warmup
        if self.schedule == "steps":
            return self.drop ** sum(step >= epoch * steps_per_epoch for epoch in self.drops)
        done = min(1.0, (step - warmup) / max(1, steps - warmup))
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * done)) / 2

    def set_rates(self, optimizer: torch.optim.Optimizer, fraction: float) -> None:
        """Give each group of weights this fraction of its peak rate, times the group's own factor."""
        peaks = {
            "image_rate": self.image_rate,
            "text_rate": self.text_rate,
            "head_rate": self.head_rate,
        }
        for group in optimizer.param_groups:
            group["lr"] = fraction * group["factor"] * peaks[group["rate"]]
