"""Model folders of strangers: no code of theirs is run, nothing but safetensors is opened as weights."""

from __future__ import annotations

import builtins
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file, save_file

from tests.helpers.faults.answers import answer_or_sentence
from tests.helpers.faults.hostile_models import add_code, add_module, broken_files, edited, pickle_weights
from tests.helpers.small_models import (
    CAPTIONS,
    joint_model,
    write_clip,
    write_joint,
    write_sentence_transformer,
    write_siglip,
    write_text_only,
)
from textreid.errors import ModelError, TextReIDError
from textreid.inference.calibration import Calibration
from textreid.inference.encoder import Encoder
from textreid.inference.explain import match_parts
from textreid.models.folder import save_model
from textreid.models.pretrained.joint import start_model
from textreid.people.detectors.load import load_detector
from textreid.people.networks.load import WEIGHTS
from textreid.recipe.model import ModelRecipe

WRITERS: dict[str, Callable[[Path], Path]] = {
    "joint": write_joint,
    "clip": write_clip,
    "siglip": write_siglip,
    "sentence-transformers": write_sentence_transformer,
    "text": write_text_only,
}


def load_everywhere(folder: Path) -> list[str]:
    """What each way to use a model folder says of it; a sentence, or nothing."""
    name = str(folder)
    ways: list[Callable[[], Any]] = [
        lambda: Encoder.load(name, device="cpu"),
        lambda: start_model(ModelRecipe(init=name), (64, 32), CAPTIONS),
        lambda: start_model(ModelRecipe(init="scratch", image_init=name), (64, 32), CAPTIONS),
        lambda: start_model(ModelRecipe(init="scratch", text_init=name), (64, 32), CAPTIONS),
        lambda: match_parts(name, Image.new("RGB", (32, 64)), "a man"),
        lambda: load_detector(name),
    ]
    said = []
    for way in ways:
        try:
            way()
        except TextReIDError as error:
            said.append(str(error))
    return said


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {name: write(root / name) for name, write in WRITERS.items()}


@pytest.fixture(params=WRITERS)
def folder(request: pytest.FixtureRequest, folders: dict[str, Path], tmp_path: Path) -> Path:
    return shutil.copytree(folders[request.param], tmp_path / "model")


@pytest.fixture
def joint(folders: dict[str, Path], tmp_path: Path) -> Path:
    return shutil.copytree(folders["joint"], tmp_path / "model")


@pytest.fixture
def yes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody at a terminal who agrees to everything."""
    monkeypatch.setattr(builtins, "input", lambda *_: "y")


@pytest.mark.usefixtures("yes")
class TestNothingIsRun:
    @pytest.mark.parametrize("kind", [None, "evil"])
    def test_code_that_a_folder_names(self, folder: Path, tmp_path: Path, kind: str | None) -> None:
        add_code(folder, tmp_path / "run", kind=kind)
        said = load_everywhere(folder)
        assert not (tmp_path / "run").exists()
        if kind:
            assert len(said) == 6

    def test_module_of_sentence_transformers(self, folder: Path, tmp_path: Path) -> None:
        add_module(folder, tmp_path / "run")
        load_everywhere(folder)
        assert not (tmp_path / "run").exists()

    def test_pickles_in_the_place_of_weights(self, folder: Path, tmp_path: Path) -> None:
        pickle_weights(folder, tmp_path / "run")
        said = load_everywhere(folder)
        assert len(said) == 6
        assert sum("safetensors" in sentence for sentence in said) >= 4
        assert not (tmp_path / "run").exists()

    def test_weights_that_the_options_of_a_tower_name(self, joint: Path, tmp_path: Path) -> None:
        checkpoint = tmp_path / "tower.safetensors"
        save_file({"x": torch.ones(1)}, checkpoint)
        edit(joint / "config.json", image_options={"checkpoint_path": str(checkpoint)})
        with pytest.raises(ModelError, match="'checkpoint_path'"):
            Encoder.load(joint, device="cpu")


def edit(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


class TestAskingForTooMuch:
    @pytest.mark.parametrize(
        ("kind", "table", "key"),
        [
            ("joint", "text_config", "num_hidden_layers"),
            ("joint", "text_config", "vocab_size"),
            ("joint", "text_config", "hidden_size"),
            ("joint", None, "projection_dim"),
            ("clip", "vision_config", "num_hidden_layers"),
            ("clip", "vision_config", "image_size"),
            ("clip", "text_config", "intermediate_size"),
            ("siglip", "text_config", "max_position_embeddings"),
        ],
    )
    def test_a_milliard_is_refused_before_anything_is_built(
        self, folders: dict[str, Path], tmp_path: Path, kind: str, table: str | None, key: str
    ) -> None:
        folder = shutil.copytree(folders[kind], tmp_path / "model")
        content = json.loads((folder / "config.json").read_text())
        (content if table is None else content[table])[key] = 10**9
        (folder / "config.json").write_text(json.dumps(content))
        with pytest.raises(ModelError, match=rf"config\.json' asks for {key} = 1000000000, more than"):
            Encoder.load(folder, device="cpu")

    def test_sizes_that_are_possible_and_not_stored(self, joint: Path) -> None:
        content = json.loads((joint / "config.json").read_text())
        content["text_config"]["vocab_size"] = 900_000
        (joint / "config.json").write_text(json.dumps(content))
        with pytest.raises(ModelError, match=r"describes a model of [\d,]+ weights and holds [\d,]+: copy"):
            Encoder.load(joint, device="cpu")

    def test_images_of_a_milliard_pixels(self, joint: Path) -> None:
        content = json.loads((joint / "processor_config.json").read_text())
        content["image_processor"]["size"]["height"] = 10**9
        (joint / "processor_config.json").write_text(json.dumps(content))
        with pytest.raises(ModelError, match=r"asks for images of 1000000000 pixels \(height\)"):
            Encoder.load(joint, device="cpu")


class TestSettingsOfAWrongType:
    @pytest.mark.parametrize(
        ("key", "value", "expected"),
        [
            ("projection_dim", "24", r"config\.json\.projection_dim: expected int, found '24'"),
            ("projection_dim", True, r"config\.json\.projection_dim: expected int, found True"),
            ("projection_dim", 0, "projection_dim is 0; it must be at least 1"),
            ("image_size", [64], r"config\.json\.image_size: expected 2 values"),
            ("image_backbone", 7, r"config\.json\.image_backbone: expected str, found 7"),
            ("branches", [], r"config\.json\.branches: expected dict"),
            ("text_config", "bert", r"config\.json\.text_config: expected a table"),
            ("text_config", {"model_type": "x"}, "transformers has no model_type 'x'"),
            ("global_weight", -1.0, "global_weight is -1.0; it must be at least 0"),
        ],
    )
    def test_is_named(self, joint: Path, key: str, value: Any, expected: str) -> None:
        edit(joint / "config.json", **{key: value})
        with pytest.raises(TextReIDError, match=expected):
            Encoder.load(joint, device="cpu")


class TestWeights:
    def test_flipped_bit_is_told_from_what_was_saved(self, joint: Path) -> None:
        path = joint / "model.safetensors"
        content = bytearray(path.read_bytes())
        content[-3] ^= 1
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"model\.safetensors' is not as it was saved: its SHA-256"):
            Encoder.load(joint, device="cpu")

    def test_nothing_is_claimed_where_there_is_no_digest(self, joint: Path) -> None:
        before = Encoder.load(joint, device="cpu").info.fingerprint
        (joint / "weights.sha256").unlink()
        assert Encoder.load(joint, device="cpu").info.fingerprint == before

    @pytest.mark.parametrize("content", ["", "x", "0" * 64, f"{'0' * 64}  ../other.safetensors\n", "\udcff"])
    def test_damaged_digest(self, joint: Path, content: str) -> None:
        (joint / "weights.sha256").write_text(content, errors="surrogateescape")
        with pytest.raises(ModelError, match=r"weights\.sha256"):
            Encoder.load(joint, device="cpu")

    @pytest.mark.parametrize("name", ["pocket", "pocket-synthetic", "nanodet-g", "movenet-lightning"])
    def test_those_that_ship_have_theirs(self, name: str, tmp_path: Path) -> None:
        import hashlib

        content = (WEIGHTS / name / "model.safetensors").read_bytes()
        line = f"{hashlib.sha256(content).hexdigest()}  model.safetensors\n"
        assert (WEIGHTS / name / "weights.sha256").read_text() == line

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
    def test_that_are_not_finite_are_neither_loaded_nor_saved(self, joint: Path, number: float) -> None:
        weights = load_file(joint / "model.safetensors")
        name = next(name for name, weight in weights.items() if weight.is_floating_point())
        weights[name].view(-1)[-1] = number
        save_file(weights, joint / "model.safetensors", {"format": "pt"})
        (joint / "weights.sha256").unlink()
        with pytest.raises(ModelError, match=f"weights that are not finite, in '{name}'"):
            Encoder.load(joint, device="cpu")
        model, processor = joint_model()
        model.state_dict()[name].view(-1)[-1] = number
        with pytest.raises(ModelError, match="not finite"):
            save_model(model, processor, joint)

    def test_too_large_for_half_precision_are_saved_as_they_are(self, tmp_path: Path) -> None:
        model, processor = joint_model()
        model.image_projection.weight.data[0, 0] = 1e6
        save_model(model, processor, tmp_path / "model")
        assert load_file(tmp_path / "model" / "model.safetensors")["image_projection.weight"][0, 0] == 1e6

    def test_calibration_that_does_not_fit_says_which_of_the_two_changed(self, joint: Path) -> None:
        Calibration("0123456789abcdef").write(joint)
        encoder = Encoder.load(joint, device="cpu")
        with pytest.raises(ModelError, match="weights are those that were saved, so the calibration"):
            _ = encoder.calibration
        (joint / "weights.sha256").write_text(f"{'0' * 64}  model.safetensors\n")
        with pytest.raises(ModelError, match="weights have changed since they were saved"):
            Calibration.read(joint, encoder.info.fingerprint)
        (joint / "weights.sha256").unlink()
        with pytest.raises(ModelError, match="Nothing says which of the two"):
            Calibration.read(joint, encoder.info.fingerprint)


FILES = ("config.json", "processor_config.json", "tokenizer_config.json", "modules.json", "tokenizer.json")
few = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@few
@given(data=st.data())
def test_whatever_stands_in_a_folder_is_an_answer_or_a_sentence(joint: Path, data: st.DataObject) -> None:
    path = joint / data.draw(st.sampled_from(FILES))
    before = path.read_bytes()
    content = json.loads(before)
    if isinstance(content, dict) and data.draw(st.booleans()):
        path.write_text(data.draw(edited(content)))
    else:
        path.write_bytes(data.draw(broken_files()))
    try:
        assert answer_or_sentence(lambda: Encoder.load(joint, device="cpu").encode_texts(["a man"]))
    finally:
        path.write_bytes(before)
