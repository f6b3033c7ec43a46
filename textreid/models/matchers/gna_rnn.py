"""Word by word: each word says which properties of the image it asks for, and how much it counts.

Li, Xiao, Li, Zhou, Yue and Wang, "Person Search with Natural Language Description", CVPR 2017: a recurrent
network with gated neural attention, the baseline of CUHK-PEDES.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from textreid.config import require_at_least, require_between
from textreid.models.matchers._matcher import Matcher


@dataclass(frozen=True)
class Config:
    """Options of `GNARNN`.

    Attributes:
        units: N, properties of an image.
        hidden: numbers between a place of the image and its units.
        width: numbers of the recurrent network's state.
        weight: how much cosine one unit of the logit is worth where both put hits into order.
    """

    units: int = 512
    hidden: int = 512
    width: int = 512
    weight: float = 0.01

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 1, 4_096, "units", "hidden", "width")


class GNARNN(Matcher):
    """The affinity of a text and an image, added up word by word.

        affinity = Σ_t g_t Σ_n a_t(n) v_n + b        a_t = softmax(W h_t), g_t = σ(w · h_t + c)

    v are the image's units, such as "carries a bag", each the strongest response of any place; h_t is the
    state of an LSTM that has read the words up to t. The attention a_t says which units word t asks for, the
    gate g_t how much it matters: "the" little, "red" much. A sigmoid of the affinity is the probability of
    the paper. Words are states of the text tower, and the LSTM reads them alone, where the paper's reads
    embeddings beside the image.

    Args:
        config: its size.
        image_width: C, length of an image token.
        other_width: C', length of a text token.
    """

    config: Config

    def __init__(self, config: Config, *, image_width: int, other_width: int) -> None:
        super().__init__(config)
        self.units = nn.Sequential(
            nn.LayerNorm(image_width),
            nn.Linear(image_width, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, config.units),
        )
        self.words = nn.LSTM(other_width, config.width, batch_first=True)
        self.attention = nn.Linear(config.width, config.units)
        self.gate = nn.Linear(config.width, 1)
        self.bias = nn.Parameter(torch.zeros(()))

    def read_images(self, tokens: Tensor) -> Tensor:
        """See `Matcher.read_images`; W is N, the response of each unit to each place."""
        responses: Tensor = self.units(tokens)
        return responses

    def score_pairs(self, images: Tensor, others: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Matcher.score_pairs`."""
        units = images.amax(dim=2).float()  # [N, K, units]
        states = self.words(others)[0]
        attention, gates = self.attention(states).float().softmax(dim=2), self.gate(states).float().sigmoid()
        if mask is not None:
            gates = gates * mask[:, :, None]
        asked = (gates * attention).sum(dim=1)  # [N, units], what the whole text asks for
        return (units * asked[:, None]).sum(dim=2) + self.bias
