"""What every scorer of pairs of images is."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class ImageMatcher(nn.Module):
    """Says of two images whether they show one person, from the grids of both.

    It reads each image once (`read`), whatever number of pairs it is in, and what it reads can be stored
    between searches. Grids may be of any size, but both of one pair are of the same.

    Args:
        config: its options, `weight` among them: how much cosine one unit of a logit is worth where both put
            hits into order.
    """

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    def read(self, grids: Tensor) -> Tensor:
        """[N, W, h, w], what `score_pairs` needs of images.

        Args:
            grids: [N, C, h, w], of the image tower.
        """
        raise NotImplementedError

    def score_pairs(self, left: Tensor, right: Tensor) -> Tensor:
        """[N] float32 logits that two images show one person; 0 for as likely as not.

        Args:
            left: [N, W, h, w], from `read`.
            right: likewise.
        """
        raise NotImplementedError
