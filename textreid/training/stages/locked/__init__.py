"""A locked stage: one tower learns against all features of the training data that a frozen one gives."""

from textreid.training.stages.locked.config import Config
from textreid.training.stages.locked.stage import run

__all__ = ["Config", "run"]
