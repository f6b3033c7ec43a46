"""Classifiers over identities, plain and with a margin between cosines, and the neck before them."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Head = Literal["linear", "cosine", "arc", "circle"]


class Classifier(nn.Module):
    """Logits of C classes for each of P parts, which have class vectors of their own.

    "linear" is the plain product. The others compare cosines, times `scale`, and ask more of the own class:
    "cosine" takes the margin from its cosine (Wang et al., "CosFace", CVPR 2018; with margin 0 Zhai and Wu,
    "Classification is a Strong Baseline for Deep Metric Learning", BMVC 2019), "arc" adds it to its angle
    (Deng et al., "ArcFace", CVPR 2019), "circle" weighs each class by its distance from the optimum (Sun et
    al., "Circle Loss", CVPR 2020).

    Args:
        parts: P.
        dim: length of each part's vector.
        classes: C.
        head: one of those.
        scale: of the cosines; not for "linear".
        margin: in cosine, for "arc" in radians; not for "linear".
    """

    def __init__(
        self, parts: int, dim: int, classes: int, *, head: Head, scale: float, margin: float
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(parts, classes, dim))
        nn.init.normal_(self.weight, std=0.001)
        self.head, self.scale, self.margin = head, scale, margin

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """[N, P, C] float32.

        Args:
            features: [N, P, D] float32.
            labels: [N] int64, 0 … C-1: whose logits the margin makes smaller.
        """
        if self.head == "linear":
            return _product(features, self.weight)
        cosine = _product(F.normalize(features, dim=2), F.normalize(self.weight, dim=2))
        own = F.one_hot(labels, self.weight.shape[1])[:, None].bool()
        return self.scale * torch.where(own, *self._with_margin(cosine))

    def _with_margin(self, cosine: Tensor) -> tuple[Tensor, Tensor]:
        """What stands for each cosine where it is of the own class, and where it is of another."""
        m = self.margin
        if self.head == "cosine":
            return cosine - m, cosine
        if self.head == "arc":
            sine = (1 - cosine.square()).clamp(min=1e-6).sqrt()
            turned = cosine * math.cos(m) - sine * math.sin(m)
            beyond = cosine <= -math.cos(m)  # past a half turn cos(angle + m) would rise again
            return torch.where(beyond, cosine - m * math.sin(m), turned), cosine
        pull, push = F.relu(1 + m - cosine).detach(), F.relu(cosine + m).detach()
        return pull * (cosine - (1 - m)), push * (cosine - m)


def make_neck(width: int, *, normalised: bool, dropout: float) -> nn.Sequential:
    """What stands before a classifier: batch normalisation whose bias stays 0, and dropout.

    Args:
        width: length of a row.
        normalised: with batch normalisation.
        dropout: in [0, 1).
    """
    norm: nn.Module = nn.Identity()
    if normalised:
        norm = nn.BatchNorm1d(width)
        norm.bias.requires_grad_(False)
    return nn.Sequential(norm, nn.Dropout(dropout))


def _product(features: Tensor, weight: Tensor) -> Tensor:
    return torch.einsum("npd,pcd->npc", features, weight)
