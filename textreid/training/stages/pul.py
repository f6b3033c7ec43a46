"""Progressive unsupervised learning: cluster, select the reliable, fine-tune, and again.

Fan, Zheng, Yan and Yang, "Unsupervised Person Re-identification: Clustering and Fine-tuning", TOMM 2018.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_above, require_between
from textreid.errors import InputError
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.recipe.recipe import Recipe
from textreid.training.crop_reader import CropReader
from textreid.training.distributed import own_rows
from textreid.training.loop import fit
from textreid.training.mining.clusters import NOISE, kmeans_clusters, select_reliable
from textreid.training.run import TrainingRun
from textreid.training.schedule import HIGHEST_RATE, Schedule
from textreid.training.stage import StageConfig
from textreid.training.target import check_target, encode_target, report_clusters, target_rows
from textreid.training.task import Task
from textreid.types import LossReport

Inputs = tuple[Tensor, Tensor]
"""Clusters [b] int64 and crops [b, 3, H, W] uint8."""


@dataclass(frozen=True)
class Config(StageConfig):
    """Learning from data with `labels = false`; the defaults are near to the paper's for Market-1501.

    Attributes:
        rounds: how often is clustered.
        passes: over the crops that are selected, in each round.
        clusters: K of k-means, about as many as people.
        sure: cosine to the crop that stands for its cluster, above which a crop is selected.
        batch: crops of a step, of all processes together.
        image_rate: learning rate of the image tower.
        head_rate: of what follows it, and of the classifier.
        scale: of the cosines that the classifier gives.
    """

    rounds: int = 10
    passes: int = 2
    clusters: int = 700
    sure: float = 0.85
    batch: int = 32
    image_rate: float = 1e-4
    head_rate: float = 1e-3
    scale: float = 16.0

    def __post_init__(self) -> None:
        require_between(self, 1, 10_000, "rounds", "passes")
        require_between(self, 2, 1_000_000, "clusters")
        require_between(self, -1, 1, "sure")
        require_between(self, 2, 65_536, "batch")
        require_between(self, 0, HIGHEST_RATE, "image_rate", "head_rate")
        require_above(self, 0, "scale")

    def check(self, recipe: Recipe) -> None:
        """Raise `InputError` where there is no target, or the model reads text."""
        check_target(recipe, "pul")


def run(run: TrainingRun, options: Config) -> None:
    """Adapt the model that the stages before have left, and keep it as it is in the end."""
    model, processor = run.load_model()
    schedule = Schedule(
        options.rounds,
        image_rate=options.image_rate,
        head_rate=options.head_rate,
        warmup=0,
        schedule="steps",
    )
    run.keep_model(fit(run, PulTask(run, options, model, processor), schedule), processor)


class PulTask(Task):
    """A round is an epoch: clusters are classes, and the model learns them from where it began.

    The classifier compares a vector with one for each cluster, which begins at that of the crop that stands
    for it. From round to round more crops are near enough to be selected.

    Args:
        run: the run.
        options: of the stage.
        model: as the stages before have left it.
        processor: of the model.
    """

    title = "pul"

    def __init__(
        self, run: TrainingRun, options: Config, model: JointModel, processor: JointProcessor
    ) -> None:
        super().__init__()
        self.run, self.options, self.model, self.processor = run, options, model, processor
        self.start = {name: weight.clone() for name, weight in model.state_dict().items()}
        self.crops = [run.data.crops[row] for row in target_rows(run)]
        self.classes = nn.Parameter(torch.zeros(min(options.clusters, len(self.crops)), model.vector_width))
        self.clusters: list[int] = []
        self.reader = CropReader(run, processor.image_processor, run.recipe.augment)

    def get_extra_state(self) -> dict[str, Any]:
        """The clusters of this round."""
        return {"clusters": self.clusters}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Go on with the clusters that were found before."""
        self.clusters = state["clusters"]

    def open_epoch(self, epoch: int, first: int) -> tuple[int, Iterator[tuple[int, Inputs]]]:
        """Cluster, select, and begin anew from the first weights; then crops that were selected."""
        options, run = self.options, self.run
        if first == 0:
            self._begin_round(epoch)
        selected = [row for row, cluster in enumerate(self.clusters) if cluster != NOISE]
        random = np.random.default_rng([run.recipe.seed, epoch])
        rows = np.concatenate([random.permutation(selected) for _ in range(options.passes)]).tolist()
        steps = max(1, len(rows) // options.batch)
        order = [rows[step * options.batch : (step + 1) * options.batch] for step in range(steps)]
        own = [[batch[place] for place in own_rows(len(batch))] for batch in order]
        crops = self.reader.read([crop.image for crop in self.crops], own, epoch=epoch, first=first)
        clusters = (torch.tensor([self.clusters[row] for row in batch]) for batch in own[first:])
        inputs = zip(order[first:], clusters, crops, strict=True)
        return steps, ((len(rows), (labels, images)) for rows, labels, images in inputs)

    def forward(self, inputs: Inputs) -> LossReport:
        """The loss "clusters": cross-entropy of cosines with the clusters' vectors."""
        labels, images = (tensor.to(self.model.device) for tensor in inputs)
        vectors = self.model.vector(self.model.encode_image(self.reader.finish(images))).float()
        cosines = F.normalize(vectors, dim=1) @ F.normalize(self.classes, dim=1).T
        loss = F.cross_entropy(self.options.scale * cosines, labels)
        return LossReport(loss, {"clusters": loss.detach()})

    def _begin_round(self, epoch: int) -> None:
        run = self.run
        found = run.broadcast(self._cluster(epoch) if run.is_first else None)
        self.clusters, centres = found
        count = len(set(self.clusters) - {NOISE})
        if count < 2:
            raise InputError(
                f"pul selects crops of {count} clusters: take fewer clusters, or a lower bound, such as"
                f" --set stages.{run.state.stage}.sure={self.options.sure - 0.2:.2f}"
            )
        self.model.load_state_dict(self.start)
        run.parts["optimizer"].state.clear()
        with torch.no_grad():
            self.classes.copy_(torch.from_numpy(centres))

    def _cluster(self, epoch: int) -> tuple[list[int], np.ndarray]:
        """The cluster of each crop that is selected, and [K, D] float32, what stands for each."""
        run, options = self.run, self.options
        assert run.model is not None
        vectors = encode_target(run, run.model, self.processor, self.crops)
        clusters, centres = kmeans_clusters(vectors, options.clusters, seed=run.recipe.seed)
        selected = select_reliable(vectors, clusters, centres, options.sure)
        report_clusters(run, epoch, selected.tolist(), self.crops)
        return selected.tolist(), vectors[centres]
