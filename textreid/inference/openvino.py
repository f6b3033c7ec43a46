"""A model on a CPU: compiled by OpenVINO once there is much to encode.

Compiling takes some seconds and then saves some milliseconds a crop, so a single search never pays for it
and indexing a collection soon does. The compiled function must prove itself on the batch at which it takes
over: vectors stay comparable with those that a gallery holds.
"""

from __future__ import annotations

import logging
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

COMPILE_AFTER_ROWS = 1024
"""Crops, or texts, that are encoded before compiling: together they cost about what compiling does."""

TOLERANCE = 1e-3
"""How far the cosine of two vectors of the same crop, place in it, or text may be from 1."""

log = logging.getLogger(__name__)


def compile_for_cpu(adapter: ModelAdapter) -> ModelAdapter:
    """The same model on a CPU, compiled once it pays.

    As it is if the extra "cpu" is not installed, and in a process that was started with another allocator of
    memory, such as tcmalloc for training: OpenVINO would end it with "double free or corruption".
    """
    packages = ("openvino", "onnxscript")
    if not isinstance(adapter, TransformersAdapter) or "malloc" in os.environ.get("LD_PRELOAD", ""):
        return adapter
    if not all(find_spec(name) for name in packages):
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
        self._graph, self._left = graph, COMPILE_AFTER_ROWS
        self._fast: Callable[..., Tensor] | None = None
        self._turn = threading.Lock()  # whoever gets it compiles; it is never given back

    @property
    def compiled(self) -> bool:
        """Whether it no longer runs with torch."""
        return self._fast is not None

    def __call__(self, *inputs: Tensor) -> Tensor:
        """[N, ...] each -> [N, D] of unit norm, or [N, P, C]."""
        if self._fast is not None:
            return self._fast(*inputs)
        vectors: Tensor = self._graph(*inputs)
        self._left -= len(vectors)
        if self._left <= 0 and self._turn.acquire(blocking=False):
            self._fast = self._compile(inputs, vectors)
        return vectors

    def _compile(self, inputs: Sequence[Tensor], expected: Tensor) -> Callable[..., Tensor] | None:
        try:
            onnx = to_onnx(self._graph, *inputs)
            for precision in (None, "f32"):  # the processor's favourite, which may be bf16, comes first
                run = load_onnx(onnx, precision)
                if agree(run(*inputs), expected):
                    return run
        except Exception as error:  # tracing and compiling know too many; torch goes on in any case
            log.info("Encoding stays with torch: %s", error)
        return None


def agree(found: Tensor, expected: Tensor) -> bool:
    """Whether rows [..., D] lie no farther apart than unit vectors whose cosine is 1 - `TOLERANCE`.

    Relative to the length of the expected row, which for places is not 1 and counts in matching.
    """
    apart = (found - expected).square().sum(dim=-1)
    return bool((apart <= 2 * TOLERANCE * expected.square().sum(dim=-1)).all())


@cache
def _core() -> Any:
    """OpenVINO, one for the process and as long as it.

    Each moves the stack that signals of its thread are handled on, and when it goes puts back what it found:
    of two, the second to go puts back one that is no longer there, and the next signal ends the process.
    """
    import openvino

    return openvino.Core()


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

    def run(*inputs: Tensor) -> Tensor:
        outputs = compiled.infer_new_request([tensor.numpy() for tensor in inputs])
        return torch.from_numpy(outputs[0])

    return run
