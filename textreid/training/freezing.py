"""How modules of a model are trained: frozen, with activations computed twice, with dropout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import nn

from textreid.errors import ModelError, UnknownNameError
from textreid.models.joint import JointModel


@contextmanager
def freeze(model: nn.Module, names: Iterable[str]) -> Iterator[list[nn.Module]]:
    """The modules of these names, which stay as they are inside the `with` block.

    Batch statistics stay too as long as the modules are in evaluation mode.

    Args:
        model: what they belong to.
        names: such as "image_tower.blocks.0" or "text_tower".

    Raises:
        UnknownNameError: the model has no such module.
    """
    known = {name: module for name, module in model.named_modules() if name}
    for name in names:
        if name not in known:
            raise UnknownNameError("part of the model", name, known)
    modules = [known[name] for name in names]
    weights = {weight for module in modules for weight in module.parameters() if weight.requires_grad}
    for weight in weights:
        weight.requires_grad_(False)
    try:
        yield modules
    finally:
        for weight in weights:
            weight.requires_grad_(True)


def recompute_activations(model: JointModel) -> None:
    """Let the towers forget their activations and compute them again in the backward pass.

    Raises:
        ModelError: the image tower cannot.
    """
    for name in ("image_tower", "text_tower"):
        tower = getattr(model, name)
        if hasattr(tower, "activation_checkpointing_enable"):
            tower.activation_checkpointing_enable()
        elif hasattr(tower, "set_grad_checkpointing"):
            tower.set_grad_checkpointing()
        elif tower is not None:
            raise ModelError(
                f"The {name} '{type(tower).__name__}' cannot recompute activations: recompute = false."
            )


def set_dropout(module: nn.Module, probability: float) -> None:
    """Let every dropout inside `module` drop activations with this probability, 0 to 1.

    Without dropout, attention on a CPU runs in one fused step.
    """
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = probability
