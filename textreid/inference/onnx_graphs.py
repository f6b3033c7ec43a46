"""A model's functions as graphs of ONNX: uint8 crops and numbered tokens to unit vectors, and matching.

Each is a module that torch runs as well, so that one definition serves the export, the compiled path of a
CPU, and the comparison of the two.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from textreid.io.without_warnings import without_warnings
from textreid.models.folder import silence_transformers
from textreid.models.matchers import Matcher

OPSET = 20


class ImageGraph(nn.Module):
    """Maps crops of their final size to search vectors; the scaling of their pixels is part of it.

    Args:
        model: with `get_image_features`.
        image_processor: whose scaling and normalisation the graph takes over.
    """

    inputs: tuple[str, ...] = ("crops",)
    outputs: tuple[str, ...] = ("vectors",)
    free: tuple[tuple[int, ...], ...] = ((0,),)
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

    def forward(self, crops: Tensor) -> Any:
        """[N, H, W, 3] uint8 RGB -> [N, D] float32 of unit norm."""
        return _unit(self.read(crops))

    def read(self, crops: Tensor) -> Any:
        """The model's output, from the same."""
        pixels = (crops.permute(0, 3, 1, 2).float() * self.factor - self.mean) / self.std
        return self.model.get_image_features(pixels)


class MatchedImageGraph(ImageGraph):
    """Maps crops to search vectors and to the places that a matcher reads, by one pass of the image tower."""

    outputs: tuple[str, ...] = ("vectors", "places")

    def forward(self, crops: Tensor) -> Any:
        """[N, H, W, 3] uint8 RGB -> [N, D] float32 of unit norm, [N, P, C] float32."""
        features = self.read(crops)
        return _unit(features), self.model.matcher.read_images(features.last_hidden_state)


class PlacesGraph(MatchedImageGraph):
    """Maps crops to the places that a matcher reads, and to nothing else."""

    outputs = ("places",)

    def forward(self, crops: Tensor) -> Any:
        """[N, H, W, 3] uint8 RGB -> [N, P, C] float32."""
        return super().forward(crops)[1]


class TextGraph(nn.Module):
    """Maps texts, as numbered tokens, to search vectors.

    Args:
        model: with `get_text_features`.
        inputs: the names of what that takes: "input_ids" alone, or "attention_mask" too.
    """

    outputs: tuple[str, ...] = ("vectors",)

    def __init__(self, model: Any, inputs: tuple[str, ...] = ("input_ids", "attention_mask")) -> None:
        super().__init__()
        self.model, self.inputs = model, inputs
        self.free = ((0, 1),) * len(inputs)

    def forward(self, *tokens: Tensor) -> Any:
        """[N, L] int64 each -> [N, D] float32 of unit norm."""
        return _unit(self.read(*tokens))

    def read(self, *tokens: Tensor) -> Any:
        """The model's output, from the same."""
        return self.model.get_text_features(**dict(zip(self.inputs, tokens, strict=True)))


class MatchedTextGraph(TextGraph):
    """Maps texts to search vectors and to the words that a matcher reads, by one pass of the text tower."""

    outputs = ("vectors", "words")

    def forward(self, *tokens: Tensor) -> Any:
        """[N, L] int64 each -> [N, D] float32 of unit norm, [N, L, C'] float32."""
        features = self.read(*tokens)
        return _unit(features), features.last_hidden_state


class MatchGraph(nn.Module):
    """Maps the places of any number of crops and the words of one text to the logits of a matcher.

    Args:
        matcher: the model's.
    """

    inputs = ("places", "words", "attention_mask")
    outputs = ("logits",)
    free = ((0,), (1,), (1,))

    def __init__(self, matcher: Matcher) -> None:
        super().__init__()
        self.matcher = matcher

    def forward(self, places: Tensor, words: Tensor, attention_mask: Tensor) -> Tensor:
        """[N, P, C] and [1, L, C'] float32, [1, L] int64 -> [N] float32."""
        return self.matcher.score_pairs(places[None], words, attention_mask.bool())[0]


Graph = ImageGraph | TextGraph | MatchGraph
"""With the names of its inputs and outputs, and which dimensions of each input are free."""


def to_onnx(graph: Graph, *examples: Tensor) -> bytes:
    """The graph in ONNX's format, for any number of rows; texts may have any length too.

    Args:
        graph: left as it is: other threads may be running it.
        examples: inputs of the height and width that are to be fixed, in any number.

    Raises:
        Exception: of many kinds, where torch cannot follow the model.
    """
    with without_warnings(), silence_transformers(), torch.inference_mode(mode=False), torch.no_grad():
        # One row would be taken for a constant.
        inputs = tuple(
            torch.cat([each, each]) if 0 in free else each.clone()
            for each, free in zip(examples, graph.free, strict=True)
        )
        own = copy.deepcopy(graph).eval()  # tracing puts symbols in the place of weights for a while
        program = torch.export.export(own, inputs, dynamic_shapes=_shapes(graph))
        onnx: Any = torch.onnx.export(
            program,
            (),
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    serialized: bytes = onnx.model_proto.SerializeToString()
    return serialized


def _unit(features: Any) -> Tensor:
    return nn.functional.normalize(features.pooler_output.float(), dim=1)


def _shapes(graph: Graph) -> Any:
    """In the nesting of `forward`'s arguments."""
    shapes = tuple(dict.fromkeys(free, torch.export.Dim.DYNAMIC) for free in graph.free)
    return (shapes,) if isinstance(graph, TextGraph) else shapes
