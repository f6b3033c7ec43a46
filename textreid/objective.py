"""The training objective: a weighted sum of named losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from textreid import losses
from textreid.types import Batch, Encoded, LossReport


class Objective(nn.Module):
    """Weighted sum of the losses that a recipe names, with the weights that only training needs.

    Args:
        options: loss name -> its options, as in a recipe's [loss] table.
        dim: D, size of the joint space.
        classes: number of training identities.

    Raises:
        UnknownNameError: a loss or an option that does not exist.
    """

    def __init__(self, options: Mapping[str, dict[str, Any]], *, dim: int, classes: int) -> None:
        super().__init__()
        created = {
            name: losses.create(name, chosen, dim=dim, classes=classes) for name, chosen in options.items()
        }
        self.weights = {name: weight for name, (weight, _) in created.items()}
        self.terms = nn.ModuleDict({name: module for name, (_, module) in created.items()})

    def forward(self, encoded: Encoded, batch: Batch) -> LossReport:
        """The total and each term before its weight."""
        terms = {name: loss(encoded, batch) for name, loss in self.terms.items()}
        total = torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()
        return LossReport(total=total, terms={name: term.detach() for name, term in terms.items()})
