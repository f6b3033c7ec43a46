"""A model's folder: written whole, loaded whole, silently, and from safetensors alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig
from transformers.initialization import no_init_weights
from transformers.utils import logging

from textreid.errors import ModelError
from textreid.models.finite import find_not_finite
from textreid.models.folder_check import check_folder, check_size
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.models.weights import require_finite, write_digests
from textreid_index.forks import Turn
from textreid_index.shared_setting import SharedSetting
from textreid_index.whole_folder import recover, whole_folder

LOCAL = {"local_files_only": True, "trust_remote_code": False}
"""For every call of transformers that reads a folder: nothing is fetched, no code of the folder is run."""


def save_model(model: JointModel, processor: JointProcessor, folder: Path) -> None:
    """Write a model folder: weights, configuration, processor, the modules of sentence-transformers.

    The weights are fp16 where that holds them, and their digest lies beside them. The folder appears whole or
    not at all; an older one stays until then. It loads as fp32 with `AutoModel` and as a
    `SentenceTransformer`.

    Args:
        model: any precision; not changed.
        processor: its image size becomes the model's.
        folder: replaced if it exists.

    Raises:
        OSError: it cannot be written.
        ModelError: a weight is not finite.
    """
    weights = {name: _half(tensor) for name, tensor in model.state_dict().items()}
    name = find_not_finite(weights)
    if name is not None:
        raise ModelError(
            f"The weight '{name}' is not finite, so nothing is stored in '{folder}': train with lower"
            " learning rates."
        )
    with whole_folder(folder, replace=True) as new:
        with silence_transformers():
            model.save_pretrained(new, state_dict=weights)
        (new / "model.safetensors").chmod(0o644)  # safetensors writes for its owner alone
        processor.save_pretrained(new)
        config = json.loads((new / "config.json").read_text(encoding="utf-8"))
        config.get("text_config", {}).pop("_name_or_path", None)  # where its start lay on this machine
        _write_json(new / "config.json", config | {"dtype": "float32"})
        _forget_last_call(new / "tokenizer.json")
        _add_sentence_transformers_modules(new, ("text", "image") if model.config.reads_text else ("image",))
        write_digests(new)


def _forget_last_call(tokenizer: Path) -> None:
    """How the last texts were padded and cut is stored with a tokenizer; a model is the same without."""
    if tokenizer.is_file():
        spec = json.loads(tokenizer.read_text(encoding="utf-8"))
        _write_json(tokenizer, spec | {"truncation": None, "padding": None})


def _half(tensor: Tensor) -> Tensor:
    """In half precision, unless a number is too large for it."""
    half = tensor.half() if tensor.is_floating_point() else tensor
    return half if half.isfinite().all() else tensor


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

    No code of the folder is run, and nothing else in it is opened as weights.

    Args:
        kind: a model class of transformers, or an Auto class.
        folder: what `save_pretrained` wrote.
        options: more arguments of the model.

    Raises:
        ModelError: weights are missing, which transformers would draw at random and go on; they are not
            finite, or not those that were saved; or the settings ask for more than they could fill.
        Exception: whatever the libraries raise for a damaged folder; see `textreid.models.reading`.
    """
    recover(folder)
    check_folder(folder)
    with LOADING, silence_transformers():
        with torch.device("meta"), no_init_weights():
            check_size(_build(kind, folder, options), folder)
        model, report = kind.from_pretrained(
            folder,
            **LOCAL,
            use_safetensors=True,
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
    require_finite(model.state_dict(), folder)
    return model.eval()


def _build(kind: Any, folder: Path, options: dict[str, Any]) -> Any:
    """The model as its configuration describes it, without weights."""
    if hasattr(kind, "from_config"):  # an Auto class
        config = AutoConfig.from_pretrained(folder, **LOCAL)
        return kind.from_config(config, trust_remote_code=False, **options)
    return kind._from_config(kind.config_class.from_pretrained(folder, **LOCAL), **options)


@SharedSetting
@contextmanager
def _without_bar() -> Iterator[None]:
    bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if bar:
            logging.enable_progress_bar()


@SharedSetting
@contextmanager
def _errors_alone() -> Iterator[None]:
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


@contextmanager
def silence_transformers(*, warnings: bool = False) -> Iterator[None]:
    """No progress bar of transformers inside the block, and no load report, in any thread; both come back.

    Args:
        warnings: let the load report through: it is what tells of missing weights where nothing else does.
    """
    with _without_bar(), nullcontext() if warnings else _errors_alone():
        yield


LOADING = Turn()
"""One model is loaded at a time: meanwhile transformers changes functions and the number type of torch, and
of two at once the second would put back what the first had put there."""
