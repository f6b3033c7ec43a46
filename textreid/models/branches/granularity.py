"""The whole person and stripes of several heights: MGN.

Wang et al., "Learning Discriminative Features with Multiple Granularities for Person Re-Identification",
ACM MM 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from textreid.config import require_at_least, require_between
from textreid.errors import InputError
from textreid.models.branches._bands import coverage, maximum, normalise_rows
from textreid.models.branches._branch import LONGEST_PART, MOST_PARTS, QueryBranch
from textreid.models.branches._reduction import Reduction


@dataclass(frozen=True)
class Config:
    """Options of `Granularity`.

    Attributes:
        weight: in the search vector, where the global vector's is 1.
        counts: stripes of each granularity.
        dim: D', length of a part vector.
        text: "attention" finds in texts what they say of each part; "none" leaves texts out.
    """

    weight: float = 1.0
    counts: tuple[int, ...] = (2, 3)
    dim: int = 256
    text: Literal["attention", "none"] = "attention"

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 2, MOST_PARTS, "counts")
        require_between(self, 1, LONGEST_PART, "dim")
        if not 1 <= sum(self.counts) <= MOST_PARTS:
            raise InputError(f"granularity: counts are {list(self.counts)}; together 2 to {MOST_PARTS}.")


class Granularity(QueryBranch):
    """The whole person and k stripes, for every granularity k: 1 + 2 and 1 + 3 parts by default.

    Parts are maxima, each through a map of its own. The paper gives each granularity its own copy of the last
    stage of the network; here they share the tower, and its wholes differ by their maps alone.
    """

    def __init__(self, config: Config, *, image_width: int, text_width: int | None) -> None:
        super().__init__(config, sum(config.counts) + len(config.counts), text_width)
        self.reduction = Reduction(self.parts, image_width, self.dim, normalised=True)

    def image(self, tokens: Tensor, grid: tuple[int, int], saliency: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """[N, P, D'] of a grid [N, h·w, C]: for each granularity the whole, then its stripes from the top."""
        parts: Tensor = self.reduction(maximum(tokens, self._coverage(grid)))
        return parts

    def image_weights(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """[N, P, h·w] float32, where each part takes its maxima; sums to 1."""
        return normalise_rows(self._coverage(grid)).to(tokens.device).expand(tokens.shape[0], -1, -1)

    def _coverage(self, grid: tuple[int, int]) -> Tensor:
        counts = [number for count in self.config.counts for number in (1, count)]
        return torch.cat([coverage(grid, count) for count in counts])
