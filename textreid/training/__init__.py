"""Training a joint model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.training.freezing import freeze
    from textreid.training.from_recipe import train
    from textreid.training.mining.hard_identities import hard_neighbours
    from textreid.training.mining.noisy_pairs import filter_noisy_pairs, split_by_consensus
    from textreid.training.multi_seed import train_seeds
    from textreid.training.objective import Objective, view_sizes
    from textreid.training.plot import Curve, draw_curves
    from textreid.training.progress import StepReport
    from textreid.training.step import Step
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = [
    "Curve",
    "Objective",
    "Step",
    "StepReport",
    "draw_curves",
    "filter_noisy_pairs",
    "freeze",
    "hard_neighbours",
    "split_by_consensus",
    "train",
    "train_seeds",
    "view_sizes",
]
