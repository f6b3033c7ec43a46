"""Cluster contrast: clusters of unlabelled crops as identities, each with a memory that batches move.

Dai, Wang, Yuan, Zhu and Tan, "Cluster Contrast for Unsupervised Person Re-identification", ACCV 2022. What
one would choose today; `pul` came first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.config import require_above, require_between, require_fraction
from textreid.data.samplers import DistributedBatches, IdentitySampler
from textreid.errors import InputError
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.recipe.recipe import Recipe
from textreid.training.crop_reader import CropReader
from textreid.training.distributed import join_rows, split_rows
from textreid.training.loop import fit
from textreid.training.mining.clusters import NOISE, dbscan_clusters, numbered
from textreid.training.run import TrainingRun
from textreid.training.schedule import HIGHEST_RATE, Schedule
from textreid.training.stage import StageConfig
from textreid.training.target import check_target, encode_target, report_clusters, target_rows
from textreid.training.task import Task
from textreid.types import LossReport

Inputs = tuple[list[int], Tensor]
"""Clusters of a batch, of all processes, and crops [b, 3, H, W] uint8 of this one."""


@dataclass(frozen=True)
class Config(StageConfig):
    """Learning from data with `labels = false`; the defaults are the paper's but for the rates.

    Attributes:
        epochs: each begins with new clusters.
        identities: P, clusters of a batch.
        images: K, crops of each.
        radius: of DBSCAN, in Jaccard distance.
        least: crops within the radius that make one the core of a cluster.
        neighbours: k1, size of the reciprocal neighbourhoods that the distances come from.
        temperature: that cosines are divided by.
        momentum: how much of a cluster's memory each crop leaves.
        image_rate: peak learning rate of the image tower.
        head_rate: of what follows it.
    """

    epochs: int = 20
    identities: int = 16
    images: int = 4
    radius: float = 0.6
    least: int = 4
    neighbours: int = 30
    temperature: float = 0.05
    momentum: float = 0.1
    image_rate: float = 2e-4
    head_rate: float = 5e-4

    def __post_init__(self) -> None:
        require_between(self, 1, 100_000, "epochs")
        require_between(self, 2, 65_536, "identities", "images", "least")
        require_between(self, 1, 10_000, "neighbours")
        require_fraction(self, "radius", "momentum")
        require_above(self, 0, "temperature")
        require_between(self, 0, HIGHEST_RATE, "image_rate", "head_rate")

    def check(self, recipe: Recipe) -> None:
        """Raise `InputError` where there is no target, or the model reads text."""
        check_target(recipe, "cluster_contrast")


def run(run: TrainingRun, options: Config) -> None:
    """Adapt the model that the stages before have left, and keep it as it is in the end."""
    model, processor = run.load_model()
    schedule = Schedule(options.epochs, image_rate=options.image_rate, head_rate=options.head_rate)
    run.keep_model(fit(run, ContrastTask(run, options, model, processor), schedule), processor)


class ContrastTask(Task):
    """Crops choose their own cluster among all; what a cluster looks like follows its crops.

    Args:
        run: the run.
        options: of the stage.
        model: as the stages before have left it.
        processor: of the model.
    """

    title = "cluster contrast"

    def __init__(
        self, run: TrainingRun, options: Config, model: JointModel, processor: JointProcessor
    ) -> None:
        super().__init__()
        self.run, self.options, self.model, self.processor = run, options, model, processor
        self.crops = [run.data.crops[row] for row in target_rows(run)]
        self.clusters: list[int] = []
        self.memory = torch.empty(0, model.vector_width)
        self.reader = CropReader(run, processor.image_processor, run.recipe.augment)

    def get_extra_state(self) -> dict[str, Any]:
        """The clusters of this epoch, and what each looks like by now."""
        return {"clusters": self.clusters, "memory": self.memory.clone()}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Go on with the clusters that were found before."""
        self.clusters, self.memory = state["clusters"], state["memory"].to(self.model.device)

    def open_epoch(self, epoch: int, first: int) -> tuple[int, Iterator[tuple[int, Inputs]]]:
        """P × K crops of clusters in each batch."""
        run, options = self.run, self.options
        if first == 0:
            self.clusters, memory = run.broadcast(self._cluster(epoch) if run.is_first else None)
            self.memory = torch.from_numpy(memory).to(self.model.device)
        count = len(self.memory)
        if count < 2:
            raise InputError(
                f"cluster_contrast finds {count} clusters: fewer neighbours, or another radius, part them,"
                f" such as --set stages.{run.state.stage}.neighbours={options.neighbours // 2 or 1}"
            )
        sampler = IdentitySampler(
            self.clusters,
            identities=min(options.identities, count),
            images=options.images,
            seed=run.recipe.seed,
        )
        sampler.set_epoch(epoch)
        order, shares = list(sampler), {"processes": run.accelerator.num_processes}
        own = list(
            DistributedBatches(sampler, images=options.images, rank=run.accelerator.process_index, **shares)
        )
        crops = self.reader.read([crop.image for crop in self.crops], own, epoch=epoch, first=first)
        inputs = zip(order[first:], crops, strict=True)
        return len(order), (
            (len(batch), ([self.clusters[row] for row in batch], images)) for batch, images in inputs
        )

    def forward(self, inputs: Inputs) -> LossReport:
        """The loss "clusters" of a batch, which every process computes from the rows of all."""
        clusters, images = torch.tensor(inputs[0], device=self.model.device), inputs[1].to(self.model.device)
        own = self.model.vector(self.model.encode_image(self.reader.finish(images))).float()
        vectors = join_rows(F.normalize(own, dim=1), split_rows(len(clusters)))
        loss = F.cross_entropy(vectors @ self.memory.T / self.options.temperature, clusters)
        self.memory = moved(self.memory, vectors.detach(), clusters, self.options.momentum)
        return LossReport(loss, {"clusters": loss.detach()})

    def _cluster(self, epoch: int) -> tuple[list[int], np.ndarray]:
        """The cluster of each crop, and [K, D] float32, the mean direction of each cluster."""
        run, options = self.run, self.options
        assert run.model is not None
        vectors = encode_target(run, run.model, self.processor, self.crops)
        clusters = numbered(
            dbscan_clusters(vectors, radius=options.radius, least=options.least, k1=options.neighbours)
        )
        report_clusters(run, epoch, clusters, self.crops)
        return clusters, cluster_means(vectors, clusters)


def moved(memory: Tensor, vectors: Tensor, clusters: Tensor, momentum: float) -> Tensor:
    """[K, D] float32: what each cluster looks like after a batch, c ← m c + (1 - m) v for each crop in order.

    Args:
        memory: [K, D], unit norm.
        vectors: [B, D], unit norm.
        clusters: [B] int64.
        momentum: m.
    """
    memory = memory.clone()
    for vector, cluster in zip(vectors, clusters.tolist(), strict=True):
        memory[cluster] = F.normalize(momentum * memory[cluster] + (1 - momentum) * vector, dim=0)
    return memory


def cluster_means(vectors: np.ndarray, clusters: list[int]) -> np.ndarray:
    """[K, D] float32 of unit norm, the mean direction of the rows of each cluster; `NOISE` is none."""
    labels = np.asarray(clusters)
    means = [vectors[labels == cluster].mean(axis=0) for cluster in sorted(set(clusters) - {NOISE})]
    if not means:
        return np.empty((0, vectors.shape[1]), np.float32)
    stacked = np.stack(means)
    return (stacked / np.linalg.norm(stacked, axis=1, keepdims=True)).astype(np.float32)
