"""What `textreid export` writes, used as an engineer would: without torch, transformers or textreid."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer

from tests.helpers.small_models import (
    CAPTIONS,
    write_clip,
    write_sentence_transformer,
    write_siglip,
)
from textreid.catalog import find_model
from textreid.errors import InputError, ModelError, UnknownNameError
from textreid.inference.encoder import Encoder
from textreid.inference.onnx_export import export_model
from textreid.models.folder import save_model
from textreid.models.pretrained.joint import start_model
from textreid.recipe import ModelRecipe

SMALL = {
    "init": "scratch",
    "image_backbone": "test_efficientnet",
    "projection_dim": 24,
    "text_layers": 1,
    "text_width": 32,
    "vocabulary": 120,
}


def write_every_part(folder: Path) -> Path:
    """Branches, a neck, hubs to turn away from, a matcher whose logits are not near 0, and terms of use."""
    torch.manual_seed(3)
    parts = {
        "branches": {"stripes": {"dim": 8, "count": 3}, "patches": {"dim": 6, "count": 2}},
        "neck_weight": 0.5,
        "matcher": {"width": 16, "heads": 2, "weight": 0.03},
    }
    model, processor = start_model(ModelRecipe(**SMALL, **parts), (96, 32), CAPTIONS)
    model.set_hubs(0.1 * torch.randn(model.vector_width))
    model.matcher.verdict[-1].weight.data.normal_()
    save_model(model, processor, folder)
    (folder / "README.md").write_text("Drawn at random.\n")
    (folder / "LICENSE").write_text("Do what you like.\n")
    return folder


def write_images_alone(folder: Path) -> Path:
    torch.manual_seed(3)
    save_model(*start_model(ModelRecipe(**SMALL, reads_text=False), (96, 32), CAPTIONS), folder)
    return folder


WRITERS: dict[str, Callable[[Path], Path]] = {
    "every part": write_every_part,
    "images alone": write_images_alone,
    "siglip": write_siglip,  # of another library, its texts padded to one length
}


class Exported:
    """The folder's own reader: its JSON says everything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.about = json.loads((folder / "export.json").read_text(encoding="utf-8"))

    def images(self, images: list[Image.Image], output: str = "vectors") -> np.ndarray:
        how = self.about["image"]
        size, resample = (how["width"], how["height"]), Image.Resampling[how["resample"].upper()]
        crops = np.stack([np.asarray(image.convert("RGB").resize(size, resample)) for image in images])
        return self._run(how, output, crops)

    def texts(self, texts: list[str]) -> np.ndarray:
        how = self.about["text"]
        return self._run(how, "vectors", *self.tokens(texts)[: len(how["inputs"])])

    def tokens(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        read = Tokenizer.from_file(str(self.folder / "tokenizer.json")).encode_batch(texts)
        return np.array([each.ids for each in read]), np.array([each.attention_mask for each in read])

    def match(self, texts: list[str], number: int, images: list[Image.Image]) -> np.ndarray:
        """Logits of one text, whose words were read beside others."""
        ids, mask = self.tokens(texts)
        words = self._run(self.about["text"], "words", ids, mask)
        one = slice(number, number + 1)
        return self._run(self.about["match"], "logits", self.images(images, "places"), words[one], mask[one])

    def _run(self, how: dict, output: str, *inputs: np.ndarray) -> np.ndarray:
        session = onnxruntime.InferenceSession(self.folder / how["file"], providers=["CPUExecutionProvider"])
        assert [each.name for each in session.get_outputs()] == how["outputs"]
        return session.run([output], dict(zip(how["inputs"], inputs, strict=True)))[0]


@pytest.fixture(scope="module", params=WRITERS)
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Exported, Encoder]:
    root = tmp_path_factory.mktemp("export")
    model = WRITERS[request.param](root / "model")
    export_model(str(model), root / "onnx")
    return Exported(root / "onnx"), Encoder.load(model, device="cpu")


@pytest.fixture(scope="module")
def crops() -> list[Image.Image]:
    """Smooth ones of odd sizes: of noise, two ways to resize keep different parts."""
    rng = np.random.default_rng(0)
    drawn = []
    for width, height in [(40, 90), (64, 128), (7, 200), (300, 310), (1, 1)]:
        noise = Image.fromarray(rng.integers(0, 256, (6, 3, 3), dtype=np.uint8))
        drawn.append(noise.resize((width, height), Image.Resampling.BICUBIC))
    return drawn


def largest_difference(vectors: np.ndarray, expected: np.ndarray) -> float:
    """Of a cosine from 1."""
    assert vectors.shape == expected.shape
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    return float(1 - (vectors * expected).sum(axis=1).min())


def test_crops_of_any_size_and_number_have_the_models_vectors(
    pair: tuple[Exported, Encoder], crops: list[Image.Image]
) -> None:
    exported, encoder = pair
    expected = encoder.encode_images(crops)
    assert largest_difference(exported.images(crops), expected) <= 1e-3
    for number, crop in enumerate(crops):
        assert largest_difference(exported.images([crop]), expected[number : number + 1]) <= 1e-3


def test_texts_of_any_length_have_the_models_vectors(pair: tuple[Exported, Encoder]) -> None:
    exported, encoder = pair
    texts = ["man", *CAPTIONS, "a red bag and " * 60]
    if "text" not in exported.about:
        assert not (exported.folder / "text.onnx").exists()
        return
    expected = np.concatenate([encoder.encode_texts([text]) for text in texts])  # no padding
    assert largest_difference(exported.texts(texts), expected) <= 1e-3
    assert largest_difference(exported.texts(texts[:1]), expected[:1]) <= 1e-3


def test_the_matcher_says_of_each_pair_what_the_models_says(
    pair: tuple[Exported, Encoder], crops: list[Image.Image]
) -> None:
    exported, encoder = pair
    matcher = encoder.matcher
    assert ("match" in exported.about) == (matcher is not None) == (exported.folder / "match.onnx").exists()
    if matcher is None:
        return
    texts = ["a man", *CAPTIONS, "a red bag and " * 60]
    for number, text in enumerate(texts):
        words = matcher.text_tokens(text)  # alone, so nothing is padded
        expected = matcher.score_pairs(words, matcher.image_tokens(crops))
        for some in (slice(None), slice(1)):
            logits = exported.match(texts, number, crops[some])
            np.testing.assert_allclose(logits, expected[some], rtol=0.01, atol=0.01)
    assert exported.about["match"]["weight"] == exported.about["match"]["say"] == matcher.weight == 0.03


def test_the_json_names_the_model(pair: tuple[Exported, Encoder]) -> None:
    exported, encoder = pair
    assert exported.about["fingerprint"] == encoder.info.fingerprint
    assert exported.about["dim"] == encoder.info.dim


def test_the_terms_of_the_weights_come_along(pair: tuple[Exported, Encoder]) -> None:
    exported, encoder = pair
    model = find_model(encoder.info.name)[1]
    for name in ("README.md", "LICENSE"):
        written = exported.folder / name
        assert written.exists() == (model / name).exists()
        assert not written.exists() or written.read_bytes() == (model / name).read_bytes()


class TestRefusals:
    def test_a_folder_that_exists(self, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "thesis.txt").write_text("years of work")
        model = write_images_alone(tmp_path / "model")
        with pytest.raises(InputError, match="exists already"):
            export_model(str(model), tmp_path / "mine")
        assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]

    def test_a_model_that_cuts_its_images(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="cuts images"):
            export_model(str(write_clip(tmp_path / "clip")), tmp_path / "onnx")
        assert not (tmp_path / "onnx").exists()

    def test_a_model_of_sentence_transformers(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="sentence-transformers"):
            export_model(str(write_sentence_transformer(tmp_path / "st")), tmp_path / "onnx")

    def test_a_name_that_does_not_exist(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownNameError, match="Did you mean 'pocket'"):
            export_model("pockett", tmp_path / "onnx")
