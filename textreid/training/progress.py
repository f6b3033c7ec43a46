"""How far a run is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Progress:
    """How far a training run is.

    Attributes:
        phase: index of the current phase.
        epoch: epochs finished in all.
        epoch_in_phase: epochs finished in this phase.
        batch: batches finished in this epoch.
        steps: batches finished in all.
        best: best R@1 on the first validation split so far, percent.
        trust: of each caption of each image in this epoch; None where all are believed as they were read.
        look_alikes: of each person in this epoch; None where batches are not made of such.
    """

    phase: int = 0
    epoch: int = 0
    epoch_in_phase: int = 0
    batch: int = 0
    steps: int = 0
    best: float = -1.0
    trust: list[list[float]] | None = None
    look_alikes: list[list[int]] | None = None


@dataclass(frozen=True)
class StepReport:
    """What a progress display is told after each step.

    Attributes:
        step: steps done in this epoch.
        steps: steps of this epoch.
        epoch: epochs finished, from 0.
        epochs: of the whole run.
        terms: each loss before its weight.
        rate: images per second since the step before.
        stage: what is being done, if it is none of the epochs; then `step` of `steps` of it are done.
    """

    step: int
    steps: int
    epoch: int
    epochs: int
    terms: dict[str, float]
    rate: float
    stage: str = ""
