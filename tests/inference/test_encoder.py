"""One encoder over every kind of model: vectors, layouts, refusals, silence."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoProcessor, CLIPModel, SiglipModel

from tests.helpers.small_models import (
    CAPTIONS,
    write_clip,
    write_joint,
    write_sentence_transformer,
    write_siglip,
    write_text_only,
)
from textreid.errors import InputError, ModelError, UnknownNameError
from textreid.inference.device import choose_device
from textreid.inference.encoder import Encoder

WRITERS: dict[str, Callable[[Path], Path]] = {
    "joint": write_joint,
    "clip": write_clip,
    "siglip": write_siglip,
    "sentence-transformers": write_sentence_transformer,
}
DIM = {"joint": 24, "clip": 12, "siglip": 16, "sentence-transformers": 12}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {name: write(root / name) for name, write in WRITERS.items()}


@pytest.fixture(scope="module", params=WRITERS)
def layout(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def encoder(folders: dict[str, Path], layout: str) -> Encoder:
    return Encoder.load(folders[layout], device="cpu")


@pytest.fixture(scope="module")
def crops() -> list[Image.Image]:
    rng = np.random.default_rng(0)
    sizes = [(40, 90), (64, 128), (7, 200), (300, 310), (1, 1)]
    return [Image.fromarray(rng.integers(0, 256, (h, w, 3), dtype=np.uint8)) for w, h in sizes]


class TestVectors:
    def test_shape_type_and_length(self, encoder: Encoder, layout: str, crops: list[Image.Image]) -> None:
        for vectors, n in ((encoder.encode_images(crops), 5), (encoder.encode_texts(CAPTIONS), 4)):
            assert vectors.shape == (n, DIM[layout]) == (n, encoder.info.dim)
            assert vectors.dtype == np.float32
            np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    def test_batches_and_order_do_not_matter(self, encoder: Encoder, crops: list[Image.Image]) -> None:
        for encode, items in ((encoder.encode_images, crops), (encoder.encode_texts, CAPTIONS)):
            together = encode(items)
            alone = np.concatenate([encode([item]) for item in items])
            np.testing.assert_allclose(together, alone, atol=1e-5)
            np.testing.assert_allclose(encode(items[::-1], batch_size=2), together[::-1], atol=1e-5)

    def test_nothing_gives_no_rows(self, encoder: Encoder) -> None:
        assert encoder.encode_images([]).shape == encoder.encode_texts([]).shape == (0, encoder.info.dim)

    def test_text_longer_than_the_model_reads(self, encoder: Encoder) -> None:
        assert np.isfinite(encoder.encode_texts(["a man in a red shirt " * 100])).all()

    @pytest.mark.parametrize("text", ["", "   ", "\n"])
    def test_empty_text_is_refused(self, encoder: Encoder, text: str) -> None:
        with pytest.raises(InputError, match="The description is empty"):
            encoder.encode_texts(["a man", text])

    def test_images_are_left_alone(self, encoder: Encoder, crops: list[Image.Image]) -> None:
        before = [np.asarray(crop).copy() for crop in crops]
        encoder.encode_images(crops)
        after = [np.asarray(crop) for crop in crops]
        assert all(np.array_equal(old, new) for old, new in zip(before, after, strict=True))


class TestAgainstTheLibraries:
    """The same vectors as the documented use of each library gives."""

    def test_clip(self, folders: dict[str, Path], crops: list[Image.Image]) -> None:
        model = CLIPModel.from_pretrained(folders["clip"]).eval()
        processor = AutoProcessor.from_pretrained(folders["clip"])
        inputs = processor(text=CAPTIONS, images=crops, padding=True, return_tensors="pt")
        with torch.inference_mode():
            output = model(**inputs)
        encoder = Encoder.load(folders["clip"], device="cpu")
        np.testing.assert_allclose(encoder.encode_images(crops), output.image_embeds, atol=1e-5)
        np.testing.assert_allclose(encoder.encode_texts(CAPTIONS), output.text_embeds, atol=1e-5)

    def test_siglip_sees_texts_padded_to_its_fixed_length(
        self, folders: dict[str, Path], crops: list[Image.Image]
    ) -> None:
        model = SiglipModel.from_pretrained(folders["siglip"]).eval()
        processor = AutoProcessor.from_pretrained(folders["siglip"])
        tokens = [processor.tokenizer(caption)["input_ids"] for caption in CAPTIONS]
        padded = torch.tensor([row + [0] * (24 - len(row)) for row in tokens])
        pixels = processor(images=crops, return_tensors="pt")["pixel_values"]
        with torch.inference_mode():
            output = model(input_ids=padded, pixel_values=pixels)
        encoder = Encoder.load(folders["siglip"], device="cpu")
        np.testing.assert_allclose(encoder.encode_images(crops), output.image_embeds, atol=1e-5)
        np.testing.assert_allclose(encoder.encode_texts(CAPTIONS), output.text_embeds, atol=1e-5)

    def test_sentence_transformers(self, folders: dict[str, Path], crops: list[Image.Image]) -> None:
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(folders["sentence-transformers"]), device="cpu")
        encoder = Encoder.load(folders["sentence-transformers"], device="cpu")
        for ours, theirs in (
            (encoder.encode_images(crops), model.encode(crops, normalize_embeddings=True)),
            (encoder.encode_texts(CAPTIONS), model.encode(CAPTIONS, normalize_embeddings=True)),
        ):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)


class TestSafety:
    @pytest.mark.parametrize(
        "query",
        [
            "{photo}",
            "file://{photo}",
            "http://127.0.0.1:9/x.png",
            "https://example.org/a.jpg",
            "/etc/passwd",
        ],
    )
    def test_query_is_never_opened(self, encoder: Encoder, tmp_path: Path, query: str) -> None:
        photo = tmp_path / "person.png"
        Image.new("RGB", (8, 8), "red").save(photo)
        query = query.format(photo=photo)
        encoder.encode_texts(["a man"])  # whatever is imported late is imported now
        events = audit(lambda: encoder.encode_texts([query]))
        assert events == []

    def test_silent(self, folders: dict[str, Path], layout: str, capfd: pytest.CaptureFixture[str]) -> None:
        Encoder.load(folders[layout], device="cpu")
        assert capfd.readouterr() == ("", "")


_watching: list[list[str]] = []


def _record(event: str, arguments: tuple[object, ...]) -> None:
    if _watching and event.startswith(("open", "socket.", "urllib.")):
        _watching[-1].append(f"{event} {arguments}")


sys.addaudithook(_record)


def audit(action: Callable[[], object]) -> list[str]:
    """The files opened and sockets used while `action` runs."""
    _watching.append([])
    try:
        action()
    finally:
        events = _watching.pop()
    return events


class TestNames:
    def test_name_of_a_folder_finds_it_from_anywhere(
        self, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.chdir(folders["joint"].parent)
        info = Encoder.load("joint", device="cpu").info
        monkeypatch.chdir(tmp_path)
        assert Encoder.load(info.name, device="cpu").info == info

    def test_name_from_the_environment(
        self, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TEXTREID_MODELS", str(folders["clip"].parent))
        assert Encoder.load("clip", device="cpu").info.name == "clip"

    def test_hub_id_from_the_local_cache(
        self, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """The cache as the hub's client lays it out; the tests run with HF_HUB_OFFLINE=1."""
        from huggingface_hub import constants

        repository = tmp_path / "models--acme--tiny-clip"
        commit = "0123456789abcdef0123456789abcdef01234567"
        shutil.copytree(folders["clip"], repository / "snapshots" / commit)
        (repository / "refs").mkdir()
        (repository / "refs" / "main").write_text(commit)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
        found = Encoder.load("acme/tiny-clip", device="cpu").info
        assert found.name == "acme/tiny-clip"
        assert found.fingerprint == Encoder.load(folders["clip"], device="cpu").info.fingerprint

    def test_hub_id_that_is_not_there(self) -> None:
        with pytest.raises(ModelError, match="'acme/nothing' is neither a listed model nor a folder"):
            Encoder.load("acme/nothing")

    def test_unknown_name_suggests_the_nearest(
        self, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TEXTREID_MODELS", str(folders["clip"].parent))
        with pytest.raises(UnknownNameError, match=r"no model called 'siglipp'\. Did you mean 'siglip'"):
            Encoder.load("siglipp")

    @pytest.mark.parametrize("name", ["./nowhere", "/no/where", "~/nowhere", "a/b/c"])
    def test_missing_folder_is_not_looked_for_on_the_hub(self, name: str) -> None:
        with pytest.raises(UnknownNameError, match=f"no model called '{name}'"):
            Encoder.load(name)


class TestBrokenFolders:
    @pytest.fixture
    def folder(self, folders: dict[str, Path], layout: str, tmp_path: Path) -> Path:
        return shutil.copytree(folders[layout], tmp_path / "model")

    def test_text_only_model(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="bert model; a search needs one for both"):
            Encoder.load(write_text_only(tmp_path))

    def test_text_only_sentence_transformer(self, tmp_path: Path) -> None:
        from sentence_transformers import SentenceTransformer

        SentenceTransformer(str(write_text_only(tmp_path / "bert"))).save_pretrained(str(tmp_path / "st"))
        with pytest.raises(ModelError, match="encodes text; a search needs text and image"):
            Encoder.load(tmp_path / "st")

    def test_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="Cannot load the model"):
            Encoder.load(tmp_path)

    @pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
    def test_truncated_weights(self, folder: Path, share: float) -> None:
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[: int(share * weights.stat().st_size)])
        (folder / "weights.sha256").unlink(missing_ok=True)
        with pytest.raises(ModelError, match="Cannot load the model"):
            Encoder.load(folder)

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("config.json", "{"),
            ("processor_config.json", "{"),
            ("tokenizer.json", "{"),
            ("tokenizer.json", "{}"),  # the library raises Exception itself
            ("tokenizer_config.json", "null"),  # an AttributeError in the library
        ],
    )
    def test_broken_json(self, folder: Path, name: str, content: str) -> None:
        (folder / name).write_text(content)
        with pytest.raises(ModelError, match="Cannot load the model"):
            Encoder.load(folder)

    def test_settings_that_are_no_table(self, folder: Path) -> None:
        (folder / "config.json").write_text("[]")
        with pytest.raises(ModelError, match=r"config\.json' is no table of settings"):
            Encoder.load(folder)

    def test_pickled_weights_are_not_read(self, folder: Path) -> None:
        torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
        with pytest.raises(ModelError, match="safetensors"):
            Encoder.load(folder)

    @pytest.mark.parametrize("layout", ["joint", "clip"], indirect=True)
    def test_missing_weight_is_refused_and_not_drawn(self, folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        lost = next(name for name in sorted(weights) if "projection" in name)
        save_file(
            {k: v for k, v in weights.items() if k != lost}, folder / "model.safetensors", {"format": "pt"}
        )
        (folder / "weights.sha256").unlink(missing_ok=True)
        with pytest.raises(ModelError, match=f"lacks 1 of the model's weights, '{lost}'"):
            Encoder.load(folder)


class TestDevices:
    def test_auto_is_a_device_of_this_machine(self) -> None:
        assert torch.empty(1, device=choose_device("auto")).numel() == 1

    @pytest.mark.parametrize("device", ["toaster", "cuda:99", "hpu"])
    def test_device_that_is_not_there(self, device: str) -> None:
        with pytest.raises(InputError, match=f"'{device}' cannot be used; try --device cpu"):
            choose_device(device)


def test_auto_classes_know_the_joint_model(folders: dict[str, Path]) -> None:
    model, processor = (kind.from_pretrained(folders["joint"]) for kind in (AutoModel, AutoProcessor))
    assert type(model).__name__ == "JointModel"
    assert type(processor).__name__ == "JointProcessor"
