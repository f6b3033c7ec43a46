"""The arithmetic that a recipe's precision asks for."""

from __future__ import annotations

from functools import cache

import torch


def half_dtype(precision: str) -> torch.dtype | None:
    """What a recipe's precision computes in; None for float32."""
    return {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)


def tower_autocast(device: str, precision: str, *, on_cpu: bool = True) -> torch.autocast:
    """What a recipe's precision computes in, as a context.

    Args:
        device: kind of device.
        precision: as for `Step`.
        on_cpu: whether it pays on a CPU that has bfloat16.
    """
    dtype = half_dtype(precision)
    pays = device != "cpu" or (on_cpu and cpu_has_bf16())
    return torch.autocast(device, dtype, enabled=dtype is not None and pays)


@cache
def cpu_has_bf16() -> bool:
    """Whether PyTorch has fast bfloat16 here; without, it takes many times as long as float32."""
    return torch.backends.mkldnn.is_available() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
