"""Training a joint model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.training.freezing import freeze
    from textreid.training.from_recipe import train
    from textreid.training.loop import fit
    from textreid.training.mining.hard_identities import hard_neighbours
    from textreid.training.mining.noisy_pairs import filter_noisy_pairs, split_by_consensus
    from textreid.training.multi_seed import train_seeds
    from textreid.training.objective import Objective, view_sizes
    from textreid.training.plot import Curve, draw_curves
    from textreid.training.progress import Reporter, RunState, StepReport
    from textreid.training.run import TrainingRun
    from textreid.training.schedule import Schedule
    from textreid.training.stage import StageConfig
    from textreid.training.step import Step
    from textreid.training.task import Task
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = [
    "Curve",
    "Objective",
    "Reporter",
    "RunState",
    "Schedule",
    "StageConfig",
    "Step",
    "StepReport",
    "Task",
    "TrainingRun",
    "draw_curves",
    "filter_noisy_pairs",
    "fit",
    "freeze",
    "hard_neighbours",
    "split_by_consensus",
    "train",
    "train_seeds",
    "view_sizes",
]
