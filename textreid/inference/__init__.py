"""A trained model at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.inference.adapters import load_adapter
    from textreid.inference.calibration import Calibration, Scale
    from textreid.inference.encoder import Encoder
    from textreid.inference.explain import PartMatch, match_parts
    from textreid.inference.onnx_export import export_model
    from textreid.inference.onnx_graphs import ImageGraph, TextGraph, to_onnx
    from textreid.inference.openvino import COMPILE_AFTER_ROWS, compile_for_cpu, load_onnx
    from textreid.inference.reranker import RERANKED_HITS, Reranker
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = [
    "COMPILE_AFTER_ROWS",
    "RERANKED_HITS",
    "Calibration",
    "Encoder",
    "ImageGraph",
    "PartMatch",
    "Reranker",
    "Scale",
    "TextGraph",
    "compile_for_cpu",
    "export_model",
    "load_adapter",
    "load_onnx",
    "match_parts",
    "to_onnx",
]
