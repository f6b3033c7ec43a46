"""What every aligner is."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

ALIGNED = "aligned"
"""The name of the view that is made of the images as they are cropped anew."""


class Aligner(nn.Module):
    """Crops images anew by what the image tower made of them; the tower then reads them once more.

    Args:
        config: its options, `weight` among them: that of the view in the search vector, where the global
            vector's is 1.
    """

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    def recrop(self, images: Tensor, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """[N, 3, H, W], the images cropped anew.

        Args:
            images: [N, 3, H, W], normalised; left as they are.
            tokens: [N, h·w, C], what the image tower made of them; they get no gradient.
            grid: (h, w).
        """
        raise NotImplementedError
