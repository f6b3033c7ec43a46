"""Domain-guided dropout: of a model of several data sets, each trains on what helps it.

Xiao, Li, Ouyang and Wang, "Learning Deep Feature Representations with Domain Guided Dropout for Person
Re-identification", CVPR 2016. Some numbers of the joint vector serve one data set and are noise to another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from textreid.config import require_between
from textreid.data.batches import EpochBatches, PairDataset, load_batches, seed_of
from textreid.data.image_augment import AS_SEARCHED, Finish, train_transform
from textreid.errors import InputError
from textreid.io.image_reader import consecutive
from textreid.recipe.augment import TextRecipe
from textreid.recipe.recipe import Recipe
from textreid.training.run import TrainingRun
from textreid.training.stages import phase
from textreid.types import Batch, Encoded, Features

CLASSIFIERS = ("identification", "lsro")
"""The losses of which one says what a number is worth: how well identities are told apart."""
BATCH = 64


@dataclass(frozen=True)
class Config(phase.Config):
    """A phase with dropout by data set; it follows a phase, whose classifier says what helps.

    Attributes:
        deterministic: epochs in which a data set does without exactly the numbers that do not help it; in the
            others a number is drawn the more often the more it helps.
        sure: how often the number that helps most is drawn.
        images: of each data set, from which that is found.
    """

    deterministic: int = 1
    sure: float = 0.9
    images: int = 2_048

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between(self, 0, 100_000, "deterministic")
        require_between(self, 1, 1_000_000, "images")
        if not 0.5 < self.sure < 1:
            raise InputError(f"domain_dropout: sure is {self.sure}; it must be above 0.5 and below 1.")

    def check(self, recipe: Recipe) -> None:
        """Raise `InputError` where nothing has learned what helps, or there is one data set alone."""
        super().check(recipe)
        names = [stage.get("name") for stage in recipe.stages]
        before = {before for before, name in pairwise(["", *names]) if name == "domain_dropout"}
        if before - {"phase", "domain_dropout"} or not any(name in recipe.loss for name in CLASSIFIERS):
            raise InputError(
                "domain_dropout follows a phase with [loss.identification], whose classifier says what helps."
            )
        if len(recipe.data) < 2:
            raise InputError("domain_dropout is for several data sets: add a [[data]] table.")


def run(run: TrainingRun, options: Config) -> None:
    """Go on with the phases before, each data set with the numbers that help it."""
    phase.train_phase(run, options, DropoutTask)


class DropoutTask(phase.PhaseTask):
    """A phase whose images lose numbers of their global vectors in training; a search has them all."""

    options: Config
    impact: Tensor | None = None

    def get_extra_state(self) -> dict[str, Any]:
        """What was found before this epoch, and what each number is worth."""
        return super().get_extra_state() | {"impact": self.impact}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Go on with what was found before."""
        super().set_extra_state(state)
        self.impact = state.get("impact")

    def open_epoch(self, epoch: int, first: int) -> tuple[int, Iterator[tuple[int, Batch]]]:
        """See `PhaseTask.open_epoch`; before the first, what helps whom is found."""
        run, own = self.run, self.run.state.epoch
        if own == 0 and first == 0:
            self.impact = run.broadcast(self._find_impact() if run.is_first else None)
        assert self.impact is not None
        stochastic = own >= self.options.deterministic
        self.keep = torch.stack(
            [
                keep_probabilities(scores, self.options.sure) if stochastic else useful(scores)
                for scores in self.impact
            ]
        )
        return super().open_epoch(epoch, first)

    def encode(self, batch: Batch) -> Encoded:
        """Both modalities; of images in training, the numbers that were drawn."""
        encoded = super().encode(batch)
        if not self.training:
            return encoded
        mask = torch.bernoulli(self.keep.to(batch.domains.device)[batch.domains])
        return replace(encoded, image=replace(encoded.image, pooled=encoded.image.pooled * mask))

    @torch.no_grad()
    def _find_impact(self) -> Tensor:
        """[data sets, D] float32; the first process finds it, from crops as a search sees them."""
        self.eval()
        found = [self._impact_on(domain) for domain in range(len(self.run.recipe.data))]
        for recipe, scores in zip(self.run.recipe.data, found, strict=True):
            name = " ".join([recipe.name, *recipe.sources])
            fraction = float((scores > 0).float().mean())
            self.run.reporter.note(f"{name}: {fraction:.0%} of {len(scores)} numbers help")
            if self.run.log is not None:
                self.run.log.add(self.run.state.steps, "domain dropout", {"data": name, "helps": fraction})
        return torch.stack(found)

    def _impact_on(self, domain: int) -> Tensor:
        data, width = self.run.data, self.model.config.projection_dim
        rows = [r for r, of in enumerate(data.domains) if of == domain and data.labels[r] >= 0]
        generator = torch.Generator().manual_seed(seed_of(self.run.recipe.seed, domain))
        some = [rows[n] for n in torch.randperm(len(rows), generator=generator)[: self.options.images]]
        order = [some[batch.start : batch.stop] for batch in consecutive(len(some), BATCH)]
        pixels = self.processor.image_processor
        plain = train_transform(AS_SEARCHED, self.options.image_size, pixels.image_mean, pixels.resample)
        finish = Finish(AS_SEARCHED, pixels.image_mean, pixels.image_std)
        batches = EpochBatches(
            PairDataset(data, plain), order, self.processor.tokenizer, TextRecipe(), seed=domain, epoch=0
        )
        total = torch.zeros(width)
        for read in load_batches(batches, 0, workers=0):
            batch = read.to(str(self.model.device))
            image = self.model.encode_image(finish(batch.images))
            total += len(batch.labels) * impact(partial(self._loss, image, batch), image.pooled.float()).cpu()
        return total / max(1, len(some))

    def _loss(self, image: Features, batch: Batch, vectors: Tensor) -> Tensor:
        name = next(name for name in CLASSIFIERS if name in self.objective.terms)
        loss: Tensor = self.objective.terms[name](Encoded(replace(image, pooled=vectors)), batch)
        return loss


def impact(loss: Callable[[Tensor], Tensor], vectors: Tensor) -> Tensor:
    """[D] float32: what the loss gains by each number of the vectors, L(without it) - L.

    Args:
        loss: [B, D] -> [].
        vectors: [B, D].
    """
    whole, found = loss(vectors), []
    for number in range(vectors.shape[1]):
        without = vectors.clone()
        without[:, number] = 0
        found.append(loss(without) - whole)
    return torch.stack(found)


def useful(impact: Tensor) -> Tensor:
    """[D] float32: 1 for each number that helps, 0 for the others; all 1 where none does.

    Args:
        impact: [D].
    """
    helps = (impact > 0).float()
    return helps if helps.any() else torch.ones_like(helps)


def keep_probabilities(impact: Tensor, sure: float = 0.9) -> Tensor:
    """[D] float32: p = 1 / (1 + exp(-s / T)), T such that the largest is `sure`; all 1 where none helps.

    Args:
        impact: s, [D].
        sure: above 0.5 and below 1.
    """
    most = impact.max()
    if most <= 0:
        return torch.ones_like(impact)
    temperature = most / math.log(sure / (1 - sure))
    return torch.sigmoid(impact / temperature)
