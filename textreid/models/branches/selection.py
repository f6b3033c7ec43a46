"""Token selection (TSE of Qin et al., "Noisy-Correspondence Learning for Text-to-Image...", CVPR 2024)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_above, require_at_least, require_between, require_fraction
from textreid.models.branches._branch import LONGEST_PART, Branch


@dataclass(frozen=True)
class Config:
    """Options of `Selection`.

    Attributes:
        weight: in the search vector, where the global vector's is 1.
        dim: D', length of its vector.
        ratio: fraction of an image's tokens that are selected.
        words: most tokens of a text that are selected; the paper's are 30 % of CLIP's 75 places.
    """

    weight: float = 1.0
    dim: int = 1024
    ratio: float = 0.3
    words: int = 22

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 1, LONGEST_PART, "dim", "words")
        require_above(self, 0, "ratio")
        require_fraction(self, "ratio")


class Selection(Branch):
    """One vector of the tokens that matter most: each embedded by itself, pooled by maximum.

    Tokens are ranked by the tower's own attention from its pooled token (CLS, EOS). A tower without one pools
    by maximum, so its tokens are ranked by their dot product with that maximum: an attention whose query is
    what was pooled. Beside the global vector, which every token takes part in, this one is made of a few, so
    a background or a filler word does not water it down; with the loss `tal` on both it is the model of the
    paper.

    Padding is never selected, nor are the first and the last token of a text, which stand for its
    beginning and end, unless it has no other.
    """

    weighs = False

    def __init__(self, config: Config, *, image_width: int, text_width: int | None) -> None:
        super().__init__(config, parts=1)
        self.image_embedding = _Embedding(image_width, self.dim)
        self.text_embedding = _Embedding(text_width, self.dim) if text_width else None

    @property
    def describes(self) -> bool:
        """Whether it makes anything of texts."""
        return self.text_embedding is not None

    def image(self, tokens: Tensor, grid: tuple[int, int], saliency: Tensor | None = None) -> Tensor:
        """[N, 1, D'] of a grid [N, h·w, C] row by row, with saliency [N, h·w]."""
        count = max(1, int(self.config.ratio * grid[0] * grid[1]))
        everywhere = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        embedded: Tensor = self.image_embedding(tokens, _select_salient(tokens, everywhere, saliency, count))
        return embedded

    def text(self, tokens: Tensor, mask: Tensor, saliency: Tensor | None = None) -> Tensor:
        """[N, 1, D'] of texts [N, L, C], real where mask [N, L], with saliency [N, L]."""
        assert self.text_embedding is not None
        selected = _select_salient(tokens, _words(mask.bool()), saliency, self.config.words)
        embedded: Tensor = self.text_embedding(tokens, selected)
        return embedded


def _select_salient(tokens: Tensor, allowed: Tensor, saliency: Tensor | None, count: int) -> Tensor:
    """[N, L] bool: the `count` most salient allowed tokens of each row, or all if there are fewer."""
    if saliency is None:
        states = tokens.detach().float()
        pooled = states.masked_fill(~allowed[:, :, None], -torch.inf).amax(dim=1, keepdim=True)
        saliency = (states * pooled).sum(dim=2)
    saliency = saliency.float().masked_fill(~allowed, -torch.inf)
    best = saliency.topk(min(count, saliency.shape[1]), dim=1).indices
    return torch.zeros_like(allowed).scatter(1, best, True) & allowed


def _words(mask: Tensor) -> Tensor:
    """[N, L] bool: the real tokens but the first and the last; all real ones of a row that has no more."""
    before = F.pad(mask[:, :-1], (1, 0))
    after = F.pad(mask[:, 1:], (0, 1))
    inner = mask & before & after
    return torch.where(inner.any(dim=1, keepdim=True), inner, mask)


class _Norm(nn.BatchNorm1d):
    """Batch normalisation; a row alone has no spread, and is normalised by the running statistics."""

    def forward(self, rows: Tensor) -> Tensor:
        if self.training and len(rows) == 1:
            mean, variance = self.running_mean, self.running_var
            return F.batch_norm(rows, mean, variance, self.weight, self.bias, eps=self.eps)
        return super().forward(rows)


class _Embedding(nn.Module):
    """Selected tokens at unit length, through a linear map plus a perceptron, pooled by maximum."""

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, dim)
        self.perceptron = nn.Sequential(
            nn.Linear(width, dim // 2), _Norm(dim // 2), nn.ReLU(), nn.Linear(dim // 2, dim)
        )

    def forward(self, tokens: Tensor, selected: Tensor) -> Tensor:
        """[N, 1, D'] of tokens [N, L, C] where selected [N, L] bool, one or more in every row."""
        unit = F.normalize(tokens[selected].to(self.linear.weight.dtype), dim=1)  # [S, C]
        embedded = self.linear(unit) + self.perceptron(unit)
        places = torch.full((*selected.shape, embedded.shape[1]), -torch.inf, device=tokens.device)
        spread = places.to(embedded.dtype).masked_scatter(selected[:, :, None], embedded)
        return spread.amax(dim=1, keepdim=True)
