"""A model on a CPU: compiled by OpenVINO once there is much to encode.

Compiling takes some seconds and then saves some milliseconds a crop, so a single search never pays for it
and indexing a collection soon does. The compiled function must prove itself on the batch at which it takes
over: vectors stay comparable with those that a gallery holds, and neighbours stay neighbours, since what it
may change is measured by how far apart vectors lie.
"""

from __future__ import annotations

import ctypes
import logging
import math
import os
import threading
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from textreid.inference.adapters import ModelAdapter, TransformersAdapter
from textreid.inference.onnx_graphs import ImageGraph, PlacesGraph, TextGraph, to_onnx
from textreid.io.forked import is_forked
from textreid_index.forks import follow_forks

COMPILE_AFTER_ROWS = 1024
"""Crops, or texts, that are encoded before compiling: together they cost about what compiling does."""

TOLERANCE = 1e-3
"""How far apart two vectors of the same crop, place in it, or text may be, as a fraction of the variance of
all; where vectors point everywhere, that is how far their cosine may be from 1."""

log = logging.getLogger(__name__)


def compile_for_cpu(adapter: ModelAdapter) -> ModelAdapter:
    """The same model on a CPU, compiled once it pays.

    As it is if the extra "cpu" is not installed; in a process that was started with another allocator of
    memory, such as tcmalloc for training: OpenVINO would end it with "double free or corruption"; and in one
    that was forked, where its threads are missing.
    """
    packages = ("openvino", "onnxscript")
    if not isinstance(adapter, TransformersAdapter) or "malloc" in os.environ.get("LD_PRELOAD", ""):
        return adapter
    if is_forked() or not all(find_spec(name) for name in packages):
        return adapter
    return CompiledAdapter(adapter.model, adapter.processor)


class CompiledAdapter(TransformersAdapter):
    """A model of transformers on a CPU; the matcher's own part, for few pairs at a time, stays with torch.

    Args:
        model: in evaluation mode.
        processor: with an image processor and a tokenizer.
    """

    def __init__(self, model: Any, processor: Any) -> None:
        super().__init__(model, processor, "cpu")
        pixels = processor.image_processor
        self.switches = {"images": Switch(ImageGraph(self.model, pixels).eval())}
        if self.reads_text:
            self.switches["texts"] = Switch(TextGraph(self.model, self.text_inputs).eval())
        if self.matcher:
            self.switches["places"] = Switch(PlacesGraph(self.model, pixels).eval())

    def settle(self, *, images: int, texts: int) -> None:
        """Encode all that follows with one runtime, chosen at the first batch: see `Switch.settle`."""
        for name, switch in self.switches.items():
            switch.settle(texts if name == "texts" else images)

    @property
    def runtimes(self) -> dict[str, str]:
        """What runs "images", "texts" and the "places" of a matcher now."""
        return {name: switch.runtime for name, switch in self.switches.items()}

    def images(self, images: Sequence[Image.Image]) -> Tensor:
        """One batch of B crops -> their vectors [B, D], of unit norm."""
        return self.switches["images"](self._resize(images))

    def texts(self, texts: Sequence[str]) -> Tensor:
        """One batch of B texts -> their vectors [B, D], of unit norm."""
        return self.switches["texts"](*self.tokens(texts).values())

    def places(self, images: Sequence[Image.Image]) -> Tensor:
        """[B, P, C], what a joint model's matcher reads of B crops."""
        return self.switches["places"](self._resize(images))

    def _resize(self, images: Sequence[Image.Image]) -> Tensor:
        """[B, H, W, 3] uint8, crops of the size that the model reads."""
        sized = self.processor.image_processor(
            images=list(images), return_tensors="pt", do_rescale=False, do_normalize=False
        )
        crops: Tensor = sized.pixel_values.permute(0, 2, 3, 1)
        return crops


class Switch:
    """Runs a graph with torch, and compiled once enough rows have passed and both give the same vectors.

    Args:
        graph: in evaluation mode.
    """

    def __init__(self, graph: ImageGraph | TextGraph) -> None:
        self._graph, self._left = graph, float(COMPILE_AFTER_ROWS)
        self._settled = False
        self._spread = Spread()
        self._fast: Callable[..., Tensor] | None = None
        self.runtime = "torch"
        self._turn = threading.Lock()  # whoever gets it compiles; it is never given back

    @property
    def compiled(self) -> bool:
        """Whether it no longer runs with torch."""
        return self._fast is not None

    def settle(self, rows: int) -> None:
        """Choose at the next batch, for good, what runs it and all that follow.

        Args:
            rows: how many are to come; compiling a graph does not pay for few.
        """
        self._settled, self._left = True, 0.0 if rows >= COMPILE_AFTER_ROWS else math.inf

    def __call__(self, *inputs: Tensor) -> Tensor:
        """[N, ...] each -> [N, D] of unit norm, or [N, P, C]."""
        if self._fast is not None:
            return self._fast(*inputs)
        vectors: Tensor = self._graph(*inputs)
        self._left -= len(vectors)
        self._spread.add(vectors)
        if self._left <= 0 and self._turn.acquire(blocking=False):
            self._fast = self._compile(inputs, vectors)
            if self._settled and self._fast is not None:
                return self._fast(*inputs)
        return vectors

    def _compile(self, inputs: Sequence[Tensor], expected: Tensor) -> Callable[..., Tensor] | None:
        try:
            onnx = to_onnx(self._graph, *inputs)
            for precision in (None, "f32"):  # the processor's favourite, which may be bf16, comes first
                run = load_onnx(onnx, precision)
                if agree(run(*inputs), expected, self._spread.variance):
                    self.runtime = f"OpenVINO, {precision or 'the fastest precision'}"
                    return run
        except Exception as error:  # tracing and compiling know too many; torch goes on in any case
            log.info("Encoding stays with torch: %s", error)
        return None


class Spread:
    """How far apart the rows that were seen lie."""

    def __init__(self) -> None:
        self._rows, self._sum, self._squares = 0, torch.zeros(()), 0.0

    def add(self, rows: Tensor) -> None:
        """See more rows [..., D]."""
        rows = rows.detach().flatten(0, -2).double()
        self._rows += len(rows)
        self._sum = self._sum + rows.sum(dim=0)
        self._squares += float(rows.square().sum())

    @property
    def variance(self) -> float:
        """The mean squared distance of a row from the mean of all; 0 before any was seen."""
        if not self._rows:
            return 0.0
        return max(self._squares / self._rows - float((self._sum / self._rows).square().sum()), 0.0)


def agree(found: Tensor, expected: Tensor, variance: float) -> bool:
    """Whether rows [..., D] lie as near to those expected as `TOLERANCE` asks.

    Args:
        found: by one runtime.
        expected: by another.
        variance: of many such rows; a row shorter than that, as places may be, is measured by its own length.
    """
    apart = (found - expected).square().sum(dim=-1)
    scale = expected.square().sum(dim=-1).clamp(max=variance)
    return bool((apart <= 2 * TOLERANCE * scale).all())


@cache
def _core() -> Any:
    """OpenVINO, one for the process and as long as it.

    Each moves the stack that signals of its thread are handled on, and when it goes puts back what it found:
    of two, the second to go puts back one that is no longer there, and the next signal ends the process.
    """
    import openvino

    return openvino.Core()


def _keep(compiled: Any) -> None:
    """In a forked process: never let it go, since it would wait for its threads, which are the parent's."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(compiled))


def load_onnx(onnx: bytes, precision: str | None = None) -> Callable[..., Tensor]:
    """A graph as a function of tensors, which any number of threads may call.

    Args:
        onnx: from `to_onnx`.
        precision: what to compute in, such as "f32"; None: what the processor is fastest with.
    """
    # Not `openvino.convert_model`, the shorter way: it reports its use over the network.
    core = _core()
    settings: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    if precision:
        settings["INFERENCE_PRECISION_HINT"] = precision
    compiled = core.compile_model(core.read_model(onnx), "CPU", settings)
    follow_forks(compiled, in_child=_keep)

    def run(*inputs: Tensor) -> Tensor:
        outputs = compiled.infer_new_request([tensor.numpy() for tensor in inputs])
        return torch.from_numpy(outputs[0])

    return run
