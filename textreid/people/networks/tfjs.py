"""Weights out of a graph model of TensorFlow.js (`NAME.json` and `NAME.bin`), without TensorFlow."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

KINDS = {"Conv2D", "_FusedConv2D", "DepthwiseConv2dNative", "FusedDepthwiseConv2dNative"}
BYTES = {"float32": np.float32, "float16": np.float16, "int32": np.int32}


@dataclass(frozen=True)
class Convolution:
    """One convolution of a graph.

    Attributes:
        name: of its node.
        kernel: [out, in, h, w] as stored, mostly float16; of a depthwise one [channels, 1, h, w].
        bias: [out], None where it has none.
    """

    name: str
    kernel: np.ndarray
    bias: np.ndarray | None


def read_convolutions(folder: Path, name: str) -> dict[str, Convolution]:
    """The convolutions of a graph by the names of their nodes.

    Raises:
        ValueError: the weights' file has another length than the graph says.
    """
    graph = json.loads((folder / f"{name}.json").read_text("utf-8"))
    weights = _read_weights(graph["weightsManifest"][0]["weights"], (folder / f"{name}.bin").read_bytes())
    nodes = {node["name"]: node for node in graph["modelTopology"]["node"]}
    added = {
        node["input"][0]: weights[node["input"][1]]  # a bias that is added by a node of its own
        for node in nodes.values()
        if node["op"] == "Add" and node["input"][1] in weights
    }
    found = {}
    for node in nodes.values():
        if node["op"] in KINDS:
            kernel = weights[node["input"][1]]
            depthwise = "Depthwise" in node["op"]
            kernel = kernel.transpose(2, 3, 0, 1) if depthwise else kernel.transpose(3, 2, 0, 1)
            fused = weights[node["input"][2]] if len(node["input"]) > 2 else None
            found[node["name"]] = Convolution(node["name"], kernel, added.get(node["name"], fused))
    return found


def _read_weights(manifest: list[dict], data: bytes) -> dict[str, np.ndarray]:
    weights, offset = {}, 0
    for entry in manifest:
        kind = np.dtype(BYTES[entry.get("quantization", {}).get("dtype", entry["dtype"])])
        count = int(np.prod(entry["shape"]))
        weights[entry["name"]] = np.frombuffer(data, kind, count, offset).reshape(entry["shape"])
        offset += count * kind.itemsize
    if offset != len(data):
        raise ValueError(f"The graph has {offset} bytes of weights and its file {len(data)}.")
    return weights
