"""Parts of a text: learned queries that each read some of its tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from textreid.models.branches._reduction import Reduction


class TextParts(nn.Module):
    """Part p of a text is the mean of its tokens, weighted by query p, through a map of its own.

    There is no key or value matrix: a query is as long as the tokens, which the tower has already mixed, and
    each part's own map follows. A query that finds nothing about its part can read the tokens that every
    text has, its beginning and its end.

    Args:
        parts: P.
        width: C, length of a token.
        dim: D', length of a part.
    """

    def __init__(self, parts: int, width: int, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.queries = nn.Parameter(torch.randn(parts, width) * width**-0.5)
        self.reduction = Reduction(parts, width, dim, normalised=False)

    def weights(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """[N, P, L] float32, how much each part reads each token; sums to 1 over the real tokens.

        Args:
            tokens: [N, L, C].
            mask: [N, L] bool, True where a token is real; None: all are.
        """
        return self._weights(self._normed(tokens), mask)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """[N, P, D'] of [N, L, C]; see `weights`."""
        normed = self._normed(tokens)
        reduced: Tensor = self.reduction(self._weights(normed, mask).to(normed.dtype) @ normed)
        return reduced

    def _normed(self, tokens: Tensor) -> Tensor:
        normed: Tensor = self.norm(tokens.to(self.queries.dtype))
        return normed

    def _weights(self, normed: Tensor, mask: Tensor | None) -> Tensor:
        scores = torch.einsum("pc,nlc->npl", self.queries, normed).float()
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None].bool(), torch.finfo(torch.float32).min)
        return scores.softmax(dim=2)
