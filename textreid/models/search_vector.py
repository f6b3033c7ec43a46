"""One search vector of the global vector and those of the branches."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.types import Features


def join(features: Features, weights: Mapping[str, float]) -> Tensor:
    """[N, ΣPD'] at unit length: of two of them, the dot product is the weighted mean of the views' cosines.

    A view's cosine is the mean of its parts' cosines. Its part vectors, each at unit length, are multiplied
    by √(w / P); then one dot product adds up all of them, in any index, at the price of a longer vector.

    Args:
        features: of N images or texts.
        weights: view -> its weight w ≥ 0; a view with weight 0 takes no place, and the others lie side by
            side by name, in whatever order a recipe or a folder lists them.
    """
    pieces = []
    for name, weight in sorted(weights.items()):
        if weight:
            parts = F.normalize(features.view(name).parts.float(), dim=2)
            pieces.append((parts * (weight / parts.shape[1]) ** 0.5).flatten(1))
    return F.normalize(torch.cat(pieces, dim=1), dim=1)
