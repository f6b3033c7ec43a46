"""What every scorer of pairs of an image and a text is."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class Matcher(nn.Module):
    """Says of a pair whether both belong together, from the tokens of both: a cross-encoder.

    It reads each image once (`read_images`), whatever number of pairs it is in, and what it reads can be
    stored between searches.

    Args:
        config: its options, `weight` among them: how much cosine one unit of a logit is worth where both put
            hits into order.
    """

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    def read_images(self, tokens: Tensor) -> Tensor:
        """[..., P, W], what `score_pairs` needs of images.

        Args:
            tokens: [..., P, C], the grids of images, row by row.
        """
        raise NotImplementedError

    def score_pairs(self, images: Tensor, others: Tensor, mask: Tensor | None = None) -> Tensor:
        """[N, K] float32 logits that each of K images belongs to text n; 0 for as likely as not.

        Args:
            images: [N, K, P, W], from `read_images`.
            others: [N, L, C'], tokens of texts.
            mask: [N, L] bool, True where a token is real, one or more in every row; None where all are.
        """
        raise NotImplementedError
