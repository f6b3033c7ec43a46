"""Which of two data sets a vector comes from."""

from __future__ import annotations

from torch import Tensor, nn


class DomainDiscriminator(nn.Module):
    """Three layers, as in ADDA (Tzeng et al., CVPR 2017).

    Args:
        dim: length of a vector.
        hidden: numbers of the two layers between.
    """

    def __init__(self, dim: int, *, hidden: int = 500) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1)
        )

    def forward(self, vectors: Tensor) -> Tensor:
        """[N] float32 logits that vectors [N, D] come from the first data set."""
        logits: Tensor = self.layers(vectors)
        return logits[:, 0]
