"""The two losses of a game between a network that judges and one that wants to be mistaken.

Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, in its form that does not saturate.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F


def discriminator_loss(judge: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """[] float32: -mean ln D(real) - mean ln(1 - D(fake)); only the judge learns.

    Args:
        judge: D; [N, ...] -> [N] logits.
        real: [N, ...], what it should take for real.
        fake: [M, ...], what it should not.
    """
    return F.softplus(-judge(real.detach())).mean() + F.softplus(judge(fake.detach())).mean()


def deceiver_loss(judge: nn.Module, fake: Tensor) -> Tensor:
    """[] float32: -mean ln D(fake), labels inverted; only what made `fake` learns, and D stays as it is.

    Args:
        judge: D; [N, ...] -> [N] logits.
        fake: [M, ...] with a graph.
    """
    frozen = {name: weight.detach() for name, weight in judge.named_parameters()}
    frozen |= {name: statistic.clone() for name, statistic in judge.named_buffers()}
    logits: Tensor = functional_call(judge, frozen, (fake,))
    return F.softplus(-logits).mean()
