"""Training that goes on with one tower frozen, against everything that it makes of the training data.

A batch holds few people who look alike. What a tower makes of all crops, or of all captions, can be cached
once it no longer changes, and what the other makes of a batch be compared with every one of them at the price
of one product of matrices (locked-image tuning: Zhai et al., "LiT: Zero-Shot Transfer with Locked-image text
Tuning", CVPR 2022; the paper compares with a large batch, and locks the image tower alone).
"""

from __future__ import annotations

from textreid.training.loop import fit
from textreid.training.run import TrainingRun
from textreid.training.schedule import Schedule
from textreid.training.stages.locked.config import Config
from textreid.training.stages.locked.image_task import ImageTask
from textreid.training.stages.locked.task import LockedContext
from textreid.training.stages.locked.text_task import TextTask

WARMUP = 0.1
"""Epochs over which the rates rise."""

TASKS: dict[str, type[TextTask] | type[ImageTask]] = {"image": TextTask, "text": ImageTask}
"""The frozen tower -> what the other learns."""


def run(run: TrainingRun, options: Config) -> None:
    """Train the model that the stages before have left, and store it as it is in the end."""
    model, processor = run.load_model()
    schedule = Schedule(
        options.epochs,
        image_rate=options.image_rate,
        text_rate=options.text_rate,
        head_rate=options.head_rate,
        warmup=WARMUP,
    )
    task = TASKS[options.frozen](LockedContext(run, options, model, processor))
    learned = fit(run, task, schedule)
    run.keep_model(learned, processor)
