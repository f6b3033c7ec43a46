"""Weights are numbers: a model with one that is NaN or infinite is not saved, loaded or used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def find_not_finite(weights: Mapping[str, Any]) -> str | None:
    """The name of the first weight with a value that is NaN or infinite; None where all are finite.

    Args:
        weights: name -> tensor, as of a `state_dict()`; whatever is no tensor is passed over.
    """
    tensors = ((name, value) for name, value in weights.items() if isinstance(value, Tensor))
    return next((name for name, tensor in tensors if not _is_finite(tensor)), None)


def _is_finite(tensor: Tensor) -> bool:
    """A sum is finite unless a value is not, or it overflows: only then is each value looked at."""
    return bool(tensor.sum().isfinite()) or bool(torch.isfinite(tensor).all())
