"""The networks with the weights that ship."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from torch import nn

from textreid.models.weights import check_digests, read_weights
from textreid.people.networks.movenet import MoveNet
from textreid.people.networks.nanodet import NanoDet

WEIGHTS = Path(__file__).parents[2] / "weights"

Network = TypeVar("Network", bound=nn.Module)


def load_nanodet() -> NanoDet:
    """NanoDet-g in evaluation mode, float32."""
    return _filled(NanoDet(), "nanodet-g")


def load_movenet() -> MoveNet:
    """MoveNet lightning in evaluation mode, float32."""
    return _filled(MoveNet(), "movenet-lightning")


def _filled(network: Network, name: str) -> Network:
    check_digests(WEIGHTS / name)
    weights = read_weights(WEIGHTS / name / "model.safetensors")
    network.load_state_dict({key: value.float() for key, value in weights.items()})
    return network.eval().requires_grad_(False)
