"""Contrast of a batch with all features of the other modality, in both directions (cross-batch memory)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from textreid.pairs import weighted_mean

CHUNK = 1024
MIN_TOTAL = 1e-30
"""Keeps a logarithm finite where rounding leaves nothing of a sum."""


class MemoryBankContrast(nn.Module):
    """Each row of a batch chooses among all M of the other modality, and each of those among all C rows.

    The M are frozen, so the first choice is computed as it is. For the second, rows outside the batch are
    taken as they were last seen (a memory bank: Wu et al., "Unsupervised Feature Learning via Non-Parametric
    Instance Discrimination", CVPR 2018), and the batch's own pass on a gradient for all of them.

    Args:
        seen: [C, D] float32 of unit norm, all rows as they are now.
        others: [M, D] float32 of unit norm.
        weights: [M] float32, how much the choice of each of the M counts.
        temperature: that cosines are divided by.
    """

    seen: Tensor
    total: Tensor
    others: Tensor
    weights: Tensor

    def __init__(self, seen: Tensor, others: Tensor, weights: Tensor, *, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.register_buffer("others", others, persistent=False)
        self.register_buffer("weights", weights, persistent=False)
        self.register_buffer("seen", seen.clone())
        total = torch.stack([self._exp_logits(rows).sum(dim=0) for rows in seen.split(CHUNK)]).sum(dim=0)
        self.register_buffer("total", total)

    def forward(
        self, vectors: Tensor, rows: Tensor, cosines: Tensor, targets: Tensor, trust: Tensor
    ) -> Tensor:
        """[] float32, the mean of both directions' cross-entropies.

        Args:
            vectors: [B, D] float32 of unit norm.
            rows: [B] int64, which of the C they are.
            cosines: [B, M] float32, with the version of the M that the batch chooses among.
            targets: [B, M] float32, what each row's choice should be; every row sums to 1.
            trust: [B] float32, how far each row is believed.
        """
        logits = cosines / self.temperature
        own = weighted_mean((targets * logits).sum(dim=1), trust)
        forth = weighted_mean(logits.logsumexp(dim=1), trust)
        elsewhere = (self.total - self._exp_logits(self.seen[rows]).sum(dim=0)).clamp(min=MIN_TOTAL)
        total = elsewhere + self._exp_logits(vectors).sum(dim=0)
        self.total.copy_(total.detach())
        self.seen[rows] = vectors.detach()
        back = weighted_mean(total.log() + 1 / self.temperature, self.weights)
        # The batch stands for all rows: without that its rows would feel their own small part of the push.
        pushed = back.detach() + len(self.seen) / len(rows) * (back - back.detach())
        return (forth + pushed) / 2 - own

    def _exp_logits(self, vectors: Tensor) -> Tensor:
        """[B, M] exp(logit - highest possible logit) of each row with each of the M, at most 1."""
        return ((vectors @ self.others.T - 1) / self.temperature).exp()


def soft_targets(own: Tensor, same: Tensor, weights: Tensor, *, identity_share: float) -> Tensor:
    """[B, M] float32 targets of a softmax: each row's own of the M, and others of its identity.

    Args:
        own: [B, M] bool, the caption was written for the crop.
        same: [B, M] bool, they belong to one identity; as `own`, and more.
        weights: [M] float32, how much each of the M counts among those of its identity.
        identity_share: fraction that falls to all of the identity by their weights; the rest is for the row's
            own.
    """
    alone, together = own * weights, same * weights
    return torch.lerp(normalise_rows(alone), normalise_rows(together), identity_share)


def normalise_rows(values: Tensor) -> Tensor:
    """[B, M] whose every row sums to 1, of values of 0 or more; a row of zeros stays."""
    return values / values.sum(dim=1, keepdim=True).clamp(min=1e-6)
