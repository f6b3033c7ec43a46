"""The data that a stage adapts a model to: crops whose people nobody has named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from textreid.errors import InputError
from textreid.evaluate.encoding import encode_images
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.recipe.recipe import Recipe
from textreid.training.mining.clusters import NOISE, purity
from textreid.training.progress import StepReport
from textreid.training.run import TrainingRun
from textreid.types import PersonCrop


def check_target(recipe: Recipe, stage: str) -> None:
    """Refuse a recipe in which there is nothing to adapt to, or texts that would no longer fit.

    Args:
        recipe: of the run.
        stage: name of the stage, for the message.

    Raises:
        InputError: it says what to write.
    """
    if not any(not data.labels for data in recipe.data):
        raise InputError(
            f"{stage} adapts a model to data without labels: give a [[data]] table labels = false."
        )
    if recipe.model.reads_text:
        raise InputError(
            f"{stage} moves images alone, and texts would no longer fit them: write reads_text = false."
        )


def target_rows(run: TrainingRun) -> list[int]:
    """The rows of the crops of tables with `labels = false`."""
    return [row for row, source in enumerate(run.data.domains) if not run.recipe.data[source].labels]


def source_rows(run: TrainingRun) -> list[int]:
    """The rows of the others, of people who are known."""
    data = run.data
    return [
        row
        for row, source in enumerate(data.domains)
        if run.recipe.data[source].labels and data.labels[row] >= 0
    ]


def encode_target(
    run: TrainingRun, model: JointModel, processor: JointProcessor, crops: Sequence[PersonCrop]
) -> np.ndarray:
    """[N, D] float32 of unit norm, the vectors of crops by a model as it is now, put into evaluation mode."""

    def show(_what: str, done: int, total: int) -> None:
        run.reporter.step(StepReport("target images", done, total))

    return encode_images(run.encoder(model, processor), crops, "Images", show)


def report_clusters(
    run: TrainingRun, epoch: int, clusters: Sequence[int], crops: Sequence[PersonCrop]
) -> None:
    """Say how many crops are in how many clusters, and how pure those are where it is known who is shown.

    Nothing is learned from what is known.

    Args:
        run: in its first process.
        epoch: epochs before this one.
        clusters: of each crop; `NOISE` for none.
        crops: the target's.
    """
    chosen, count = sum(cluster != NOISE for cluster in clusters), len(set(clusters) - {NOISE})
    pure = purity(clusters, [crop.person_id for crop in crops])
    row: dict[str, float] = {"epoch": epoch, "selected": chosen / len(crops), "clusters": count}
    said = f"epoch {epoch + 1}: {chosen:,} of {len(crops):,} crops in {count:,} clusters"
    if pure is not None:
        row["purity"] = pure
        said += f", of which {pure:.0%} show whom most of their cluster show"
    if run.log is not None:
        run.log.add(run.state.steps, "clusters", row)
    run.reporter.note(said)
