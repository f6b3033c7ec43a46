"""A model's folder: what is written, that it reads back everywhere, and that it is never half there."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, AutoProcessor
from transformers.utils import logging

from tests.helpers.small_models import CAPTIONS, joint_model, write_joint
from textreid.inference.encoder import Encoder
from textreid.models.folder import load_whole, save_model, silence_transformers
from textreid.models.joint import JointModel


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_joint(tmp_path_factory.mktemp("run") / "model")


def pictures() -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (90, 40, 3), dtype=np.uint8)) for _ in range(3)]


def test_weights_are_stored_in_half_and_load_in_full_precision(folder: Path) -> None:
    original, loaded = joint_model()[0].state_dict(), load_whole(AutoModel, folder).state_dict()
    assert original.keys() == loaded.keys()
    with safe_open(folder / "model.safetensors", "pt") as stored:
        for name, weight in original.items():
            rounded = weight.half().float() if weight.is_floating_point() else weight
            assert torch.equal(loaded[name], rounded), name
            assert loaded[name].dtype == weight.dtype
            assert stored.get_tensor(name).dtype == (
                torch.float16 if weight.is_floating_point() else weight.dtype
            )


def test_everybody_may_read_the_files(folder: Path) -> None:
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in folder.rglob("*"))


def test_saving_does_not_change_the_model(tmp_path: Path) -> None:
    model, processor = joint_model()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    save_model(model, processor, tmp_path / "model")
    assert all(torch.equal(before[name], weight) for name, weight in model.state_dict().items())


def test_saving_twice_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = write_joint(tmp_path / "model")
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((folder / name).read_bytes() == (again / name).read_bytes() for name in files)


def test_processor_reads_back(folder: Path) -> None:
    original, loaded = joint_model()[1], AutoProcessor.from_pretrained(folder)
    assert loaded.tokenizer(CAPTIONS)["input_ids"] == original.tokenizer(CAPTIONS)["input_ids"]
    ours, theirs = (
        processor.image_processor(images=pictures(), return_tensors="pt")["pixel_values"]
        for processor in (original, loaded)
    )
    assert torch.equal(ours, theirs)
    assert ours.shape == (3, 3, 64, 32)


def test_sentence_transformer_gives_the_same_vectors(folder: Path) -> None:
    model, encoder = SentenceTransformer(str(folder), device="cpu"), Encoder.load(folder, device="cpu")
    assert set(model.modalities) >= {"text", "image"}
    for ours, theirs in (
        (encoder.encode_texts(CAPTIONS), model.encode(CAPTIONS)),
        (encoder.encode_images(pictures()), model.encode(pictures())),
    ):
        np.testing.assert_allclose(np.linalg.norm(theirs, axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_folder_names_no_dtype_but_the_one_it_loads_as(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    assert config["dtype"] == "float32"
    assert config["model_type"] == "textreid"
    assert config["image_size"] == [64, 32]


def test_new_model_replaces_the_old_one_whole(tmp_path: Path) -> None:
    folder = write_joint(tmp_path / "model", seed=0)
    (folder / "left_over.json").write_text("{}")
    old = (folder / "model.safetensors").read_bytes()
    write_joint(folder, seed=1)
    assert (folder / "model.safetensors").read_bytes() != old
    assert not (folder / "left_over.json").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_failure_while_writing_leaves_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_joint(tmp_path / "model")
    before = Encoder.load(folder, device="cpu").info.fingerprint

    def full_disk(self: JointModel, target: Path, **_: Any) -> None:
        Path(target).mkdir(exist_ok=True)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(JointModel, "save_pretrained", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_joint(folder, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert Encoder.load(folder, device="cpu").info.fingerprint == before


def test_quiet_gives_the_settings_back() -> None:
    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    with silence_transformers():
        assert not logging.is_progress_bar_enabled()
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


def test_folder_does_not_say_where_its_start_lay(tmp_path: Path) -> None:
    model, processor = joint_model()
    model.config.text_config._name_or_path = str(tmp_path / "secret")
    save_model(model, processor, tmp_path / "model")
    assert "secret" not in (tmp_path / "model" / "config.json").read_text()
