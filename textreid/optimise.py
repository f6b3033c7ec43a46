"""Which weights a recipe trains, and how fast at each step."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from textreid.config import Phase
from textreid.errors import UnknownNameError
from textreid.models.joint import JointModel


def freeze_text(model: JointModel, layers: int) -> None:
    """Keep the lowest text layers and the word embeddings as they are; 0 freezes nothing.

    Args:
        model: with a text tower of BERT's form.
        layers: how many.
    """
    if layers and model.text_tower is not None:
        for module in (model.text_tower.embeddings, *model.text_tower.encoder.layer[:layers]):
            module.requires_grad_(False)


def make_optimizer(model: JointModel, objective: nn.Module, weight_decay: float) -> torch.optim.AdamW:
    """AdamW over what is not frozen; each group names the rate of a `Phase` that it follows.

    Args:
        model: its towers follow "image_rate" and "text_rate", the rest "head_rate".
        objective: follows "head_rate".
        weight_decay: of matrices and kernels; gains and biases are not pulled to zero.
    """
    towers = ("image_tower", "text_tower")
    heads = nn.ModuleList([part for name, part in model.named_children() if name not in towers] + [objective])
    text_tower = model.text_tower.parameters() if model.text_tower is not None else ()
    groups = [
        *_groups("image_rate", model.image_tower.parameters(), weight_decay),
        *_groups("text_rate", text_tower, weight_decay),
        *_groups("head_rate", heads.parameters(), weight_decay),
    ]
    return torch.optim.AdamW(groups, lr=0.0)


def _groups(rate: str, parameters: Iterable[nn.Parameter], weight_decay: float) -> list[dict[str, object]]:
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    return [
        {"params": [p for p in trained if p.ndim > 1], "rate": rate, "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "rate": rate, "weight_decay": 0.0},
    ]


def set_rates(optimizer: torch.optim.Optimizer, phase: Phase, factor: float) -> None:
    """Give each group the phase's peak rate times `factor`."""
    for group in optimizer.param_groups:
        group["lr"] = factor * getattr(phase, group["rate"])


def schedule(step: int, steps: int, *, warmup: int, final: float) -> float:
    """Share of the peak learning rate: linear warm-up, then half a cosine down to `final`.

    Args:
        step: from 0.
        steps: of the whole phase.
        warmup: steps until the peak; a quarter of the phase at most.
        final: share that is left at the end.
    """
    warmup = min(warmup, steps // 4)
    if step < warmup:
        return (step + 1) / warmup
    done = min(1.0, (step - warmup) / max(1, steps - warmup))
    return final + (1 - final) * (1 + math.cos(math.pi * done)) / 2


def freeze_image(model: JointModel, parts: Iterable[str]) -> None:
    """Leave modules of the image tower as they are.

    Args:
        model: the joint model.
        parts: their names, such as "conv_stem" or "blocks.0".

    Raises:
        UnknownNameError: the tower has no such module.
    """
    named = model.image_tower.named_modules()
    modules = {name: module for name, module in named if name and name.count(".") < 2}
    for name in parts:
        if name not in modules:
            raise UnknownNameError("part of the image tower", name, modules)
        modules[name].requires_grad_(False)


def set_dropout(module: nn.Module, share: float) -> None:
    """Let every dropout inside `module` drop this share, 0 to 1.

    Without dropout, attention on a CPU runs in one fused step.
    """
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = share


def blend(model: JointModel, start: Mapping[str, Tensor], share: float) -> JointModel:
    """The model itself where `share` is 0, else a copy whose every weight lies that share of the way back.

    Args:
        model: trained.
        start: its state before, on any device.
        share: 0 for the trained weights to 1 for the starting ones; batch statistics are mixed alike.
    """
    if not share:
        return model
    mixed = {
        name: trained.lerp(start[name].to(trained), share) if trained.is_floating_point() else trained
        for name, trained in model.state_dict().items()
    }
    copied = copy.deepcopy(model)
    copied.load_state_dict(mixed)
    return copied
