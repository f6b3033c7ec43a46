"""Model folders that somebody made to be harmful: code, pickles, settings that ask for everything."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

CODE = """
from pathlib import Path
Path({marker!r}).write_text("run")
from transformers import BertConfig as Config, BertModel as Model, PreTrainedTokenizerFast as Tokenizer
from transformers import CLIPProcessor as Processor, CLIPImageProcessor as ImageProcessor
"""

CLASSES = {
    "AutoConfig": "evil.Config",
    "AutoModel": "evil.Model",
    "AutoModelForObjectDetection": "evil.Model",
    "AutoProcessor": "evil.Processor",
    "AutoImageProcessor": "evil.ImageProcessor",
    "AutoTokenizer": ["evil.Tokenizer", "evil.Tokenizer"],
}


class _Pickled:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.marker),)


def add_code(folder: Path, marker: Path, *, kind: str | None = None) -> None:
    """Let every settings file of a model name code of its folder, which makes `marker` when it is run.

    Args:
        folder: a model's.
        marker: a path that does not exist.
        kind: a model type that only that code knows; None leaves the type.
    """
    (folder / "evil.py").write_text(CODE.format(marker=str(marker)))
    for path in [*folder.rglob("*config.json"), folder / "preprocessor_config.json"]:
        settings = json.loads(path.read_text()) if path.is_file() else {}
        settings |= {"auto_map": CLASSES, "trust_remote_code": True}
        if kind is not None:
            settings |= {"model_type": kind, "tokenizer_class": "Evil", "processor_class": "Evil"}
            settings.pop("architectures", None)
        path.write_text(json.dumps(settings))


def add_module(folder: Path, marker: Path) -> None:
    """Make a model one of sentence-transformers, whose module is code of the folder."""
    (folder / "evil.py").write_text(CODE.format(marker=str(marker)))
    module = {"idx": 0, "name": "0", "path": "", "type": "evil.Model"}
    (folder / "modules.json").write_text(json.dumps([module]))
    trusted = {key: {"trust_remote_code": True} for key in ("model_args", "config_args", "tokenizer_args")}
    (folder / "sentence_bert_config.json").write_text(json.dumps(trusted))


def pickle_weights(folder: Path, marker: Path) -> None:
    """Put pickles in the place of a model's weights, each of which makes `marker` when it is opened."""
    for path in list(folder.rglob("*.safetensors")):
        for name in ("pytorch_model.bin", "model.pth", "adapter_model.bin"):
            path.with_name(name).write_bytes(pickle.dumps(_Pickled(marker)))
        path.unlink()


NUMBERS: list[Any] = [10**9, 10**5, -1, 0, 10**30, 1e308, -0.5, True, "9" * 5_000, float("nan"), float("inf")]
OTHERS: list[Any] = [None, "", "\ud800", "a\0b", "x" * 300, [], {}, [[]] * 3, "../../etc/passwd"]


def values() -> st.SearchStrategy[Any]:
    """What may stand in the place of any value of a JSON file."""
    return st.sampled_from([*NUMBERS, *OTHERS]) | st.integers(-(10**12), 10**12) | st.text(max_size=20)


@st.composite
def edited(draw: st.DrawFn, settings: dict[str, Any]) -> str:
    """The text of a settings file, one or two of whose values, at any depth, are others now."""
    content = json.loads(json.dumps(settings))
    for _ in range(draw(st.integers(1, 2))):
        place = content
        while True:
            keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
                place = place[key]
                continue
            place[key] = draw(values())
            break
    return json.dumps(content)


def broken_files() -> st.SearchStrategy[bytes]:
    """What may stand in a file in place of its content."""
    return st.sampled_from(
        [b"", b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"[" * 100_000, b"null", b"{}", b"1" * 5_000, b"\0" * 64]
    ) | st.binary(max_size=64)
