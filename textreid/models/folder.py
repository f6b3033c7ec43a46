"""A model's folder: written whole, loaded whole, silently, and from safetensors alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers.utils import logging

from textreid.errors import ModelError
from textreid.io.whole_folder import whole_folder
from textreid.models.finite import find_not_finite
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid_index.whole_folder import recover


def save_model(model: JointModel, processor: JointProcessor, folder: Path) -> None:
    """Write a model folder: fp16 weights, configuration, processor, the modules of sentence-transformers.

    The folder appears whole or not at all; an older one stays until then. It loads as fp32 with `AutoModel`
    and as a `SentenceTransformer`.

    Args:
        model: any precision; not changed.
        processor: its image size becomes the model's.
        folder: replaced if it exists.

    Raises:
        InputError: it cannot be written.
        ModelError: a weight is not finite.
    """
    weights = {name: _half(tensor) for name, tensor in model.state_dict().items()}
    name = find_not_finite(weights)
    if name is not None:
        raise ModelError(
            f"The weight '{name}' is not finite in the 16 bits in which '{folder}' would hold it, so nothing"
            " is stored: train with lower learning rates."
        )
    with whole_folder(folder, replace=True) as new:
        with silence_transformers():
            model.save_pretrained(new, state_dict=weights)
        (new / "model.safetensors").chmod(0o644)  # safetensors writes for its owner alone
        processor.save_pretrained(new)
        config = json.loads((new / "config.json").read_text(encoding="utf-8"))
        config.get("text_config", {}).pop("_name_or_path", None)  # where its start lay on this machine
        _write_json(new / "config.json", config | {"dtype": "float32"})
        _add_sentence_transformers_modules(new, ("text", "image") if model.config.reads_text else ("image",))


def _half(tensor: Tensor) -> Tensor:
    return tensor.half() if tensor.is_floating_point() else tensor


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _add_sentence_transformers_modules(folder: Path, modalities: Sequence[str]) -> None:
    """Name the two steps of a `SentenceTransformer`: the joint model, then unit length."""
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Normalize

    steps = [("0", "", Transformer), ("1", "1_Normalize", Normalize)]
    modules = [
        {"idx": index, "name": name, "path": path, "type": f"{module.__module__}.{module.__name__}"}
        for index, (name, path, module) in enumerate(steps)
    ]
    methods = {
        modality: {"method": f"get_{modality}_features", "method_output_name": "pooler_output"}
        for modality in modalities
    }
    task = {"transformer_task": "feature-extraction", "module_output_name": "sentence_embedding"}
    _write_json(folder / "modules.json", modules)
    _write_json(folder / "sentence_bert_config.json", task | {"modality_config": methods})
    (folder / "1_Normalize").mkdir()
    _write_json(folder / "1_Normalize" / "config.json", {})


def load_whole(kind: Any, folder: Path, **options: Any) -> Any:
    """A model in fp32 and evaluation mode, every weight of which comes from the folder's safetensors.

    Args:
        kind: a model class of transformers, or an Auto class.
        folder: what `save_pretrained` wrote.
        options: more arguments of the model.

    Raises:
        ModelError: weights are missing; transformers would draw them at random and go on.
        OSError, ValueError, RuntimeError: as `from_pretrained` raises them.
    """
    recover(folder)
    with silence_transformers():
        model, report = kind.from_pretrained(
            folder,
            use_safetensors=True,
            local_files_only=True,
            dtype=torch.float32,
            output_loading_info=True,
            **options,
        )
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelError(
            f"'{folder}' lacks {len(missing)} of the model's weights, '{missing[0]}' among them:"
            " copy or download it again."
        )
    return model.eval()


@contextmanager
def silence_transformers(*, warnings: bool = False) -> Iterator[None]:
    """No progress bar of transformers inside the block, and no load report; its settings come back after.

    Args:
        warnings: let the load report through: it is what tells of missing weights where nothing else does.
    """
    verbosity, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    if not warnings:
        logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bar:
            logging.enable_progress_bar()
