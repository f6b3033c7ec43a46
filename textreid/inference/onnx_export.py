"""A model as files that need no torch: ONNX graphs for crops and texts, a tokenizer, some JSON."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from PIL.Image import Resampling
from tokenizers import Tokenizer
from torch import Tensor

from textreid.catalog import find_model, fingerprint
from textreid.errors import ModelError
from textreid.inference.adapters import TransformersAdapter, load_adapter
from textreid.inference.onnx_graphs import (
    OPSET,
    Graph,
    ImageGraph,
    MatchedImageGraph,
    MatchedTextGraph,
    MatchGraph,
    TextGraph,
    to_onnx,
)
from textreid.io.whole_folder import whole_folder
from textreid.models.reading import reading_model

EXAMPLES = ["a woman in a red coat", "a man"]


def export_model(name: str, out: Path) -> dict[str, Any]:
    """Write a model for ONNX Runtime, OpenVINO and their kin.

    The folder appears whole or not at all: `image.onnx` and, for a model that reads text, `text.onnx` and
    `tokenizer.json`; `match.onnx` for one with a matcher; `export.json`, which says how to feed them; the
    model's card and licence.

    Args:
        name: a listed model, a folder or a hub id.
        out: must not exist yet.

    Returns:
        What `export.json` holds.

    Raises:
        UnknownNameError: nothing has that name.
        InputError: `out` exists, or cannot be written.
        ModelError: the model cannot be loaded or exported, or a package is missing.
    """
    if find_spec("onnxscript") is None:
        raise ModelError("Export needs two more packages: pip install 'textreid[export]'.")
    name, folder = find_model(name)
    with reading_model(folder):
        adapter = load_adapter(folder, "cpu")
    if not isinstance(adapter, TransformersAdapter):
        raise ModelError(f"'{name}' is a model of sentence-transformers: that library exports its own kind.")
    about: dict[str, Any] = {
        "name": name,
        "fingerprint": fingerprint(folder),
        "opset": OPSET,
        "image": _image(adapter.processor.image_processor, name),
    }
    with whole_folder(out) as working:
        try:
            _write_graphs(adapter, about, working)
        except Exception as error:  # tracing knows too many kinds
            raise ModelError(f"'{name}' cannot be exported: {error}") from error
        if adapter.reads_text:
            about["text"]["longest"] = _write_tokenizer(adapter, name, working)
        for path in (folder / "README.md", *folder.glob("LICENSE*")):
            if path.is_file():
                shutil.copy(path, working)
        (working / "export.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return about


def _image(processor: Any, name: str) -> dict[str, Any]:
    """How to prepare a crop: one resize, since the graph does the rest."""
    height, width = (processor.size.get(side) for side in ("height", "width"))
    if not (processor.do_resize and height and width) or processor.to_dict().get("do_center_crop"):
        raise ModelError(
            f"'{name}' cannot be exported: it cuts images after resizing them, and an exported graph takes"
            " crops that are resized to one height and width. Joint models of textreid are made that way."
        )
    return {
        "height": height,
        "width": width,
        "resample": Resampling(processor.resample).name.lower(),
        "mean": list(processor.image_mean),
        "std": list(processor.image_std),
    }


@torch.inference_mode()
def _write_graphs(adapter: TransformersAdapter, about: dict[str, Any], folder: Path) -> None:
    """The graphs, and what is known of each."""
    model, image = adapter.model, about["image"]
    image_graph, text_graph = (
        (MatchedImageGraph, MatchedTextGraph) if adapter.matcher else (ImageGraph, TextGraph)
    )
    crops = torch.zeros(2, image["height"], image["width"], 3, dtype=torch.uint8)
    images = image_graph(model, adapter.processor.image_processor).eval()
    about["image"] = _write(images, (crops,), folder / "image.onnx") | image
    about["dim"] = int(images.read(crops).pooler_output.shape[1])
    if not adapter.reads_text:
        return
    tokens = tuple(adapter.tokens(EXAMPLES).values())
    texts = text_graph(model, adapter.text_inputs).eval()
    about["text"] = _write(texts, tokens, folder / "text.onnx")
    if adapter.matcher:
        places, words, mask = images(crops)[1], texts(*tokens)[1], tokens[1]
        match = MatchGraph(model.matcher).eval()
        written = _write(match, (places, words[:1], mask[:1]), folder / "match.onnx")
        weight = adapter.matcher.weight
        about["match"] = written | {"weight": weight, "say": weight}  # "say" for readers of version 0.1


def _write(graph: Graph, examples: tuple[Tensor, ...], path: Path) -> dict[str, Any]:
    path.write_bytes(to_onnx(graph, *examples))
    return {"file": path.name, "inputs": list(graph.inputs), "outputs": list(graph.outputs)}


def _write_tokenizer(adapter: TransformersAdapter, name: str, folder: Path) -> int:
    """Write the tokenizer, set to cut and to pad as the model needs it; returns how many tokens it reads."""
    tokenizer = adapter.processor.tokenizer
    if not tokenizer.is_fast:
        raise ModelError(f"'{name}' cannot be exported: its tokenizer exists in Python alone.")
    own = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    longest, fixed = adapter.longest, adapter.padding["padding"] == "max_length"
    own.enable_truncation(longest)
    own.enable_padding(
        pad_id=tokenizer.pad_token_id, pad_token=tokenizer.pad_token, length=longest if fixed else None
    )
    own.save(str(folder / "tokenizer.json"))
    return longest
