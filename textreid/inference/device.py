"""Where a model runs."""

from __future__ import annotations

import torch

from textreid.errors import InputError


def choose_device(device: str) -> str:
    """The device itself, or for "auto" a GPU where there is one.

    Raises:
        InputError: there is no such device, or, in a process that was forked, its parent has it.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except Exception as error:  # each kind of device that is not there has an error of its own
        reason = str(error).partition("\n")[0]
        raise InputError(f"The device '{device}' cannot be used; try --device cpu. {reason}") from error
    return device
