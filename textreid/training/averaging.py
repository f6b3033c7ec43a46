"""Means of weights: over the steps of a run, and between its start and its end."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from textreid.models.joint import JointModel


class MovingAverage(AveragedModel):
    """The exponential moving average of a model's weights and batch statistics.

    The memory grows from a tenth to `decay` over the first steps, so that short runs forget the start too.

    Args:
        model: what is averaged; `module` is the average.
        decay: memory, from 0 to below 1.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        def update(average: Sequence[Tensor], current: Sequence[Tensor], updates: Tensor | int) -> None:
            memory = min(decay, (1 + int(updates)) / (10 + int(updates)))
            for mean, value in zip(average, current, strict=True):
                if mean.is_floating_point():
                    mean.lerp_(value.to(mean), 1 - memory)
                else:
                    mean.copy_(value)

        super().__init__(model, multi_avg_fn=update, use_buffers=True)
        self.requires_grad_(False)


def interpolate_weights(model: JointModel, start: Mapping[str, Tensor], fraction: float) -> JointModel:
    """The model itself where `fraction` is 0, else a copy whose every weight lies so far on the way back.

    Args:
        model: trained.
        start: its state before, on any device.
        fraction: 0 for the trained weights to 1 for the starting ones; batch statistics alike.
    """
    if not fraction:
        return model
    mixed = {
        name: trained.lerp(start[name].to(trained), fraction) if trained.is_floating_point() else trained
        for name, trained in model.state_dict().items()
    }
    copied = copy.deepcopy(model)
    copied.load_state_dict(mixed)
    return copied
