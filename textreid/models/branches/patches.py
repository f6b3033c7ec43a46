"""Parts that nobody names: slots that both modalities fill, patches here and words there.

Slots compete for tokens as in Locatello et al., "Object-Centric Learning with Slot Attention", NeurIPS 2020,
in one round and with learned slots.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from textreid.config import require_at_least, require_between
from textreid.models.branches._bands import average, normalise_rows
from textreid.models.branches._branch import LONGEST_PART, MOST_PARTS, Branch


@dataclass(frozen=True)
class Config:
    """Options of `Patches`.

    Attributes:
        weight: in the search vector, where the global vector's is 1.
        count: P, slots.
        dim: D', length of a part vector.
    """

    weight: float = 1.0
    count: int = 8
    dim: int = 256

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 1, MOST_PARTS, "count")
        require_between(self, 1, LONGEST_PART, "dim")


class Patches(Branch):
    """P learned slots, the same for images and texts, between which the tokens of either are divided.

    With x a token mapped to D' numbers, one map a modality, and q the slots:

        p(slot i | token) = softmax over i of (qᵢ · x / √D')        partᵢ = Σ p(i | x) x / Σ p(i | x)

    Because both modalities are asked the same question, slot i reads what is alike in them: a patch of a bag
    and the phrase about it. A token that fits no slot spreads over all.
    """

    def __init__(self, config: Config, *, image_width: int, text_width: int | None) -> None:
        super().__init__(config, config.count)
        self.slots = nn.Parameter(torch.randn(self.parts, self.dim))
        self.image_map = _map(image_width, self.dim)
        self.text_map = _map(text_width, self.dim) if text_width else None

    @property
    def describes(self) -> bool:
        """Whether it makes anything of texts."""
        return self.text_map is not None

    def image(self, tokens: Tensor, grid: tuple[int, int], saliency: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """[N, P, D'] of a grid [N, h·w, C]."""
        mapped = self.image_map(tokens.to(self.slots.dtype))
        return average(mapped, self._weights(mapped))

    def text(self, tokens: Tensor, mask: Tensor, saliency: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """[N, P, D'] of texts [N, L, C]."""
        assert self.text_map is not None
        mapped = self.text_map(tokens.to(self.slots.dtype))
        return average(mapped, self._weights(mapped, mask))

    def image_weights(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:  # noqa: ARG002
        """[N, P, h·w] float32, how much each slot reads each location; sums to 1."""
        return self._weights(self.image_map(tokens.to(self.slots.dtype)))

    def text_weights(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """[N, P, L] float32, how much each slot reads each token; sums to 1 over the real ones."""
        assert self.text_map is not None
        return self._weights(self.text_map(tokens.to(self.slots.dtype)), mask)

    def _weights(self, mapped: Tensor, mask: Tensor | None = None) -> Tensor:
        scores = torch.einsum("pd,nld->npl", self.slots, mapped).float() * self.dim**-0.5
        owners = scores.softmax(dim=1)
        return normalise_rows(owners if mask is None else owners * mask[:, None])


def _map(width: int, dim: int) -> nn.Module:
    return nn.Sequential(nn.LayerNorm(width), nn.Linear(width, dim))
