"""From a grid of tokens to one vector."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from textreid.errors import UnknownNameError


class MeanMax(nn.Module):
    """What is typical beside what is present anywhere (a bag, a hat): [N, L, C] -> [N, 2C]."""

    growth = 2

    def forward(self, tokens: Tensor) -> Tensor:
        return torch.cat([tokens.mean(1), tokens.amax(1)], dim=1)


class Mean(nn.Module):
    """[N, L, C] -> [N, C]."""

    growth = 1

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens.mean(1)


class GeneralizedMean(nn.Module):
    """(mean of x^p)^(1/p) with a learned p from 3, between mean (p = 1) and maximum: [N, L, C] -> [N, C].

    Radenović et al., "Fine-tuning CNN Image Retrieval with No Human Annotation", TPAMI 2018.
    """

    growth = 1

    def __init__(self) -> None:
        super().__init__()
        self.power = nn.Parameter(torch.tensor(3.0))

    def forward(self, tokens: Tensor) -> Tensor:
        raised = tokens.float().clamp(min=1e-6).pow(self.power)  # float16 has no 1e-6 to the third
        return raised.mean(1).pow(1 / self.power).to(tokens.dtype)


POOLINGS: dict[str, type[nn.Module]] = {"mean+max": MeanMax, "mean": Mean, "gem": GeneralizedMean}


def create_pooling(name: str, *more: str) -> nn.Module:
    """The pooling called `name`.

    Args:
        name: as a recipe calls it.
        more: what else the caller knows, for the message.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in POOLINGS:
        raise UnknownNameError("pooling of an image tower", name, [*POOLINGS, *more])
    return POOLINGS[name]()
