"""Which weights a recipe trains, and how fast at each step."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import nn

from textreid.models.joint import JointModel
from textreid.recipe.training import OptimizerRecipe

LAYER = re.compile(r"(?:layers?|blocks?|stages?)\.?\d+(?=\.)")
"""Where a layer of a tower starts in the names of weights: "encoder.layer.3", "blocks.3", "layer3"."""


def make_optimizer(
    model: JointModel,
    heads: Iterable[tuple[str, nn.Parameter]],
    recipe: OptimizerRecipe,
    *,
    untrained: Sequence[str] = (),
) -> torch.optim.Optimizer:
    """The optimizer of all weights that are trained; each group names the rate of a `Schedule` it follows.

    Args:
        model: its towers follow "image_rate" and "text_rate", the rest "head_rate".
        heads: names and weights of what is trained beside the model; they follow "head_rate".
        recipe: which optimizer, and its settings.
        untrained: modules of the model that are never trained; so are weights that require no gradient.
    """
    groups = defaultdict(list)
    for name, weight, depth in _weights(model):
        if weight.requires_grad and not name.startswith(tuple(f"{part}." for part in untrained)):
            part = name.partition(".")[0]
            rate = {"image_tower": "image_rate", "text_tower": "text_rate"}.get(part, "head_rate")
            groups[_group(name, weight, rate, depth, recipe)].append(weight)
    for name, weight in heads:
        if weight.requires_grad:
            groups[_group(name, weight, "head_rate", 0, recipe)].append(weight)
    settings = [
        {"params": weights, "rate": rate, "factor": factor, "weight_decay": decay}
        for (rate, factor, decay), weights in groups.items()
    ]
    if recipe.name == "sgd":
        return torch.optim.SGD(settings, lr=0.0, momentum=recipe.momentum, nesterov=recipe.momentum > 0)
    kind = torch.optim.AdamW if recipe.name == "adamw" else torch.optim.Adam
    return kind(settings, lr=0.0, betas=recipe.betas, eps=recipe.epsilon)


def _weights(model: JointModel) -> Iterator[tuple[str, nn.Parameter, int]]:
    """Name, weight, and how many layers of its tower come after it."""
    for part, module in model.named_children():
        depths = layer_depths([name for name, _ in module.named_parameters()])
        for name, weight in module.named_parameters():
            yield f"{part}.{name}", weight, depths[name] if part.endswith("_tower") else 0


def layer_depths(names: Sequence[str]) -> dict[str, int]:
    """How many layers come after each weight of a tower.

    Args:
        names: of a tower's weights, in the order in which it computes with them. What comes before the first
            layer (embeddings, a stem) is a layer of its own; what comes after the last counts as 0.
    """
    layers: list[str] = []
    number = {}
    for name in names:
        found = LAYER.search(name)
        if found and name[: found.end()] not in layers:
            layers.append(name[: found.end()])
        number[name] = layers.index(name[: found.end()]) + 1 if found else (len(layers) + 1) * bool(layers)
    last = len(layers) + 1
    return {name: last - place for name, place in number.items()}


def _group(
    name: str, weight: nn.Parameter, rate: str, depth: int, recipe: OptimizerRecipe
) -> tuple[str, float, float]:
    factor = recipe.layer_decay**depth * (recipe.bias_factor if name.endswith("bias") else 1.0)
    return rate, factor, recipe.weight_decay if weight.ndim > 1 else 0.0
