"""Horizontal stripes: PCB with refined part pooling (Sun et al., "Beyond Part Models", ECCV 2018).

Stripes that overlap are Yi et al., "Deep Metric Learning for Person Re-identification", ICPR 2014.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from textreid.config import require_at_least, require_between
from textreid.errors import InputError
from textreid.models.branches._bands import average, coverage, maximum, normalise_rows
from textreid.models.branches._branch import LONGEST_PART, MOST_PARTS, QueryBranch
from textreid.models.branches._reduction import Reduction

LEAK = 0.1
"""Fraction of every location that refined stripes spread over all of them at first, so that it can move."""


@dataclass(frozen=True)
class Config:
    """Options of `Stripes`.

    Attributes:
        weight: in the search vector, where the global vector's is 1.
        count: P, stripes from head to feet.
        dim: D', length of a part vector.
        overlap: how far a stripe reaches into each neighbour, as a fraction of its height, 0 to 1.
        pooling: how a stripe becomes one vector: its "average", its "maximum", or the sum of "both".
        shared: one map to D' numbers for all stripes; else each has its own.
        refined: learn which stripe each location belongs to.
        text: "attention" finds in texts what they say of each stripe; "none" leaves texts out.
    """

    weight: float = 1.0
    count: int = 6
    dim: int = 256
    overlap: float = 0.0
    pooling: Literal["average", "maximum", "both"] = "average"
    shared: bool = False
    refined: bool = False
    text: Literal["attention", "none"] = "attention"

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 1, MOST_PARTS, "count")
        require_between(self, 1, LONGEST_PART, "dim")
        if not 0 <= self.overlap <= 1:
            raise InputError(f"stripes: overlap is {self.overlap}; it must be from 0 to 1.")
        if self.refined and self.pooling != "average":
            raise InputError('stripes: refined stripes are averages; write pooling = "average".')


class Stripes(QueryBranch):
    """One vector a stripe, each through a map of its own or all through one, on any grid.

    Refined: a classifier over locations, one 1×1 convolution W, moves what lies across a border to where it
    belongs. With c the fraction of a location f in each of the P stripes,

        p(i | f) = softmax(W f + b + ln((1 - LEAK) c + LEAK / P))_i

    and part i is the mean of all locations by p(i | f). Stripes are the prior here, where the paper changes
    from one to the other, so that its three stages are phases of one recipe: all but `assignment`,
    `assignment` alone, all. As in the paper, W begins near zero.
    """

    def __init__(self, config: Config, *, image_width: int, text_width: int | None) -> None:
        super().__init__(config, config.count, text_width)
        self.reduction = Reduction(self.parts, image_width, self.dim, normalised=True, shared=config.shared)
        self.assignment: nn.Linear | None = None
        if config.refined:
            self.assignment = nn.Linear(image_width, self.parts)
            nn.init.normal_(self.assignment.weight, std=0.001)
            nn.init.zeros_(self.assignment.bias)

    def image(self, tokens: Tensor, grid: tuple[int, int], saliency: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """[N, P, D'], from head to feet, of a grid [N, h·w, C] row by row."""
        pooled = []
        if self.config.pooling != "maximum":
            pooled.append(average(tokens, self.image_weights(tokens, grid)))
        if self.config.pooling != "average":
            pooled.append(maximum(tokens, self._coverage(grid)))
        parts: Tensor = self.reduction(sum(pooled))
        return parts

    def image_weights(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """[N, P, h·w] float32, how much each stripe reads each location; sums to 1."""
        inside = self._coverage(grid).to(tokens.device)
        if self.assignment is None:
            return normalise_rows(inside).expand(tokens.shape[0], -1, -1)
        prior = (1 - LEAK) * inside / inside.sum(dim=0) + LEAK / self.parts
        scores = self.assignment(tokens.to(self.assignment.weight.dtype)).float() + prior.log().T
        return normalise_rows(scores.softmax(dim=2).transpose(1, 2))

    def _coverage(self, grid: tuple[int, int]) -> Tensor:
        return coverage(grid, self.parts, self.config.overlap)
