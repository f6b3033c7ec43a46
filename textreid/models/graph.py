"""A model's two functions as graphs of ONNX: uint8 crops to unit vectors, numbered tokens to unit vectors.

Both are modules that torch runs as well, so that one definition serves the export, the compiled path of a
CPU, and the comparison of the two.
"""

from __future__ import annotations

import copy
import warnings
from typing import Any

import torch
from torch import Tensor, nn

from textreid.models.folder import quiet

OPSET = 20


class ImageGraph(nn.Module):
    """Crops that have their final size to search vectors; scaling of the pixels included.

    Args:
        model: with `get_image_features`.
        image_processor: whose scaling and normalisation the graph takes over.
    """

    inputs = ("crops",)
    mean: Tensor
    std: Tensor

    def __init__(self, model: Any, image_processor: Any) -> None:
        super().__init__()
        self.model = model
        self.factor = image_processor.rescale_factor if image_processor.do_rescale else 1.0
        normalises = image_processor.do_normalize
        mean = image_processor.image_mean if normalises else (0.0,) * 3
        std = image_processor.image_std if normalises else (1.0,) * 3
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1))

    def forward(self, crops: Tensor) -> Tensor:
        """[N, H, W, 3] uint8 RGB -> [N, D] float32 of unit norm."""
        pixels = (crops.permute(0, 3, 1, 2).float() * self.factor - self.mean) / self.std
        return nn.functional.normalize(self.model.get_image_features(pixels).pooler_output.float(), dim=1)


class TextGraph(nn.Module):
    """Sentences as numbered tokens to search vectors.

    Args:
        model: with `get_text_features`.
        inputs: the names of what that takes: "input_ids" alone, or "attention_mask" too.
    """

    def __init__(self, model: Any, inputs: tuple[str, ...] = ("input_ids", "attention_mask")) -> None:
        super().__init__()
        self.model, self.inputs = model, inputs

    def forward(self, *tokens: Tensor) -> Tensor:
        """[N, L] int64 each -> [N, D] float32 of unit norm."""
        features = self.model.get_text_features(**dict(zip(self.inputs, tokens, strict=True)))
        return nn.functional.normalize(features.pooler_output.float(), dim=1)


def to_onnx(graph: ImageGraph | TextGraph, *examples: Tensor) -> bytes:
    """The graph in ONNX's format, for any number of rows; sentences may have any length too.

    Args:
        graph: left as it is: other threads may be running it.
        examples: inputs of the height and width that are to be fixed, in any number.

    Raises:
        Exception: of many kinds, where torch cannot follow the model.
    """
    free = {0: torch.export.Dim.DYNAMIC}
    if isinstance(graph, TextGraph):
        free[1] = torch.export.Dim.DYNAMIC
    with warnings.catch_warnings(), quiet(), torch.inference_mode(mode=False), torch.no_grad():
        warnings.simplefilter("ignore")
        rows = tuple(torch.cat([each, each]) for each in examples)  # one row would be taken for a constant
        own = copy.deepcopy(graph).eval()  # tracing puts symbols in the place of weights for a while
        program = torch.export.export(own, rows, dynamic_shapes=_shapes(graph, free))
        onnx: Any = torch.onnx.export(
            program,
            (),
            input_names=list(graph.inputs),
            output_names=["vectors"],
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    serialized: bytes = onnx.model_proto.SerializeToString()
    return serialized


def _shapes(graph: ImageGraph | TextGraph, free: dict[int, Any]) -> Any:
    """In the nesting of `forward`'s arguments."""
    return (free,) if isinstance(graph, ImageGraph) else (tuple(free for _ in graph.inputs),)
