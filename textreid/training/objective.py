"""The training objective: a weighted sum of named losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from textreid import losses
from textreid.data.training_set import TrainingSet
from textreid.errors import UnknownNameError
from textreid.losses import Sizes
from textreid.models.aligners import ALIGNED
from textreid.models.joint import JointModel
from textreid.models.neck import NECK
from textreid.types import GLOBAL, Batch, Encoded, LossReport

Gather = Callable[[Encoded, Batch], tuple[Encoded, Batch]]
"""Joins the rows of all processes, with gradients."""


class Objective(nn.Module):
    """Weighted sum of the losses that a recipe names, with the weights that only training needs.

    A name such as "sdm" looks at the global vectors, "sdm@stripes" at those of the branch "stripes".

    Args:
        options: loss name -> its options, as in a recipe's [loss] tables.
        sizes: view name -> the sizes of what a loss on it sees; "global" among them.
        gather: joins the rows of all processes for the losses that compare rows.

    Raises:
        UnknownNameError: a loss, an option or a view that does not exist.
    """

    def __init__(
        self,
        options: Mapping[str, dict[str, Any]],
        sizes: Mapping[str, Sizes],
        *,
        gather: Gather = lambda encoded, batch: (encoded, batch),
    ) -> None:
        super().__init__()
        self.gather = gather
        self.weights: dict[str, float] = {}
        self.terms = nn.ModuleDict()
        for name, chosen in options.items():
            loss, view = _split(name)
            if view not in sizes:
                raise UnknownNameError("branch of the model", view, sizes)
            self.weights[name], self.terms[name] = losses.create(loss, chosen, sizes[view])

    def forward(self, encoded: Encoded, batch: Batch) -> LossReport:
        """The total and each term before its weight."""
        everywhere = self.gather(encoded, batch)
        here = encoded if len(batch.text_rows) else replace(encoded, text=None, masked=None, score_pairs=None)
        terms = {}
        for name, loss in self.terms.items():
            seen, rows = everywhere if loss.across_ranks else (here, batch)
            terms[name] = loss(seen.view(_split(name)[1]), rows)
        total = torch.stack([self.weights[name] * term for name, term in terms.items()]).sum()
        total = total + encoded.nothing()  # every row has a graph, even if this process learns from none
        return LossReport(total=total, terms={name: term.detach() for name, term in terms.items()})


def _split(name: str) -> tuple[str, str]:
    loss, _, view = name.partition("@")
    return loss, view or GLOBAL


def view_sizes(model: JointModel, data: TrainingSet, *, teacher_dim: int = 0) -> dict[str, Sizes]:
    """View name -> what the losses on it must know: the global vector, and each branch.

    Args:
        model: the joint model.
        data: what it learns from.
        teacher_dim: length of the teacher's vectors; 0 without one.
    """
    text_config: Any = model.config.text_config
    common: dict[str, Any] = {
        "classes": data.classes,
        "attributes": data.groups,
        "image_width": model.image_width,
        "text_width": model.text_width or 0,
        "teacher_dim": teacher_dim,
        "vocabulary": text_config.vocab_size if model.text_width else 0,
    }
    sizes = {GLOBAL: Sizes(model.config.projection_dim, **common)}
    if model.image_neck is not None:
        sizes[NECK] = sizes[GLOBAL]
    if model.aligner is not None:
        sizes[ALIGNED] = sizes[GLOBAL]
    for name, branch in model.branches.items():
        sizes[name] = Sizes(branch.parts * branch.dim, parts=branch.parts, part_dim=branch.dim, **common)
    return sizes
