"""Towers start from folders in the hub's layouts and give what their own libraries give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.models import save_for_hf
from transformers import BertConfig, BertModel, CLIPModel, SiglipModel

from tests.helpers.small_models import (
    CAPTIONS,
    TOWER,
    write_clip,
    write_joint,
    write_sentence_transformer,
    write_siglip,
    write_text_only,
)
from textreid.errors import ModelError, UnknownNameError
from textreid.models import backbones
from textreid.models.backbones._patches import resize_table
from textreid.models.folder import load_whole, save_model
from textreid.models.joint import JointModel
from textreid.models.pretrained.joint import start_model
from textreid.models.processor import JointProcessor
from textreid.recipe import ModelRecipe

SQUARE, CROP = (32, 32), (64, 32)
LENGTHS = [[5, 9, 4, 2], [7, 3, 8, 30, 11, 6, 2]]


def start(size: tuple[int, int] = SQUARE, **recipe: Any) -> tuple[JointModel, JointProcessor]:
    torch.manual_seed(0)
    model, processor = start_model(ModelRecipe(**recipe), size, CAPTIONS)
    return model.eval(), processor


def pixels(size: tuple[int, int] = SQUARE) -> torch.Tensor:
    return torch.randn(3, 3, *size, generator=torch.Generator().manual_seed(0))


def padded(ids: list[list[int]], pad: int) -> dict[str, torch.Tensor]:
    longest = max(map(len, ids))
    return {
        "input_ids": torch.tensor([row + [pad] * (longest - len(row)) for row in ids]),
        "attention_mask": torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids]),
    }


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP whose end of a sentence is its highest piece, 33, as it is in the real ones."""
    folder = write_clip(tmp_path_factory.mktemp("hub") / "clip")
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["eos_token_id"] = 33
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def siglip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_siglip(tmp_path_factory.mktemp("hub") / "siglip")


class TestClip:
    def test_images_as_transformers(self, clip: Path) -> None:
        model, _ = start(init=str(clip))
        theirs = CLIPModel.from_pretrained(clip)
        with torch.inference_mode():
            ours, expected = (m.get_image_features(pixels()) for m in (model, theirs.eval()))
        torch.testing.assert_close(ours.pooler_output, expected.pooler_output)

    def test_texts_as_transformers(self, clip: Path) -> None:
        model, _ = start(init=str(clip))
        theirs = CLIPModel.from_pretrained(clip).eval()
        tokens = padded([[*row[:-1], 33] for row in LENGTHS], 0)
        with torch.inference_mode():
            ours, expected = (m.get_text_features(**tokens).pooler_output for m in (model, theirs))
        torch.testing.assert_close(ours, expected)

    def test_saliency_is_the_attention_of_the_last_layer(self, clip: Path) -> None:
        model, _ = start(init=str(clip))
        theirs = CLIPModel.from_pretrained(clip, attn_implementation="eager").eval()
        tokens = padded([[*row[:-1], 33] for row in LENGTHS], 0)
        with torch.inference_mode():
            image = theirs.vision_model(pixels(), output_attentions=True).attentions[-1]
            text = theirs.text_model(**tokens, output_attentions=True).attentions[-1]
            ours = model.encode_image(pixels()).saliency, model.encode_text(**tokens).saliency
        torch.testing.assert_close(ours[0], image[:, :, 0, 1:].mean(1))
        ends = torch.tensor([len(row) - 1 for row in LENGTHS])
        torch.testing.assert_close(ours[1], text[torch.arange(2), :, ends].mean(1))

    def test_table_is_stretched_to_the_crops(self, clip: Path) -> None:
        model, _ = start((96, 32), init=str(clip), image_options={"stride": 8})
        name = "embeddings.position_embedding.weight"
        table = CLIPModel.from_pretrained(clip).vision_model.state_dict()[name]
        found = model.image_tower.state_dict()[name]
        torch.testing.assert_close(found[0], table[0])
        torch.testing.assert_close(found[1:], resize_table(table[1:], (2, 2), (11, 3)))
        assert model.encode_image(pixels((96, 32))).grid == (11, 3)

    def test_saved_after_a_change_of_size_it_loads(self, clip: Path, tmp_path: Path) -> None:
        model, processor = start(CROP, init=str(clip))
        model.config.image_size = (128, 64)
        save_model(model, processor, tmp_path / "model")
        again = load_whole(JointModel, tmp_path / "model")
        with torch.inference_mode():
            ours, theirs = (m.get_image_features(pixels((128, 64))).pooler_output for m in (model, again))
        torch.testing.assert_close(ours, theirs, atol=2e-3, rtol=2e-3)  # stored in half precision

    def test_pixels_are_normalised_as_it_expects(self, clip: Path) -> None:
        _, processor = start(init=str(clip))
        assert processor.image_processor.image_mean == pytest.approx([0.48145466, 0.4578275, 0.40821073])

    def test_longer_sentences(self, clip: Path) -> None:
        short, _ = start(init=str(clip))
        long, processor = start(init=str(clip), text_length=60)
        assert processor.tokenizer.model_max_length == 60
        tables = [m.text_tower.embeddings.position_embedding.weight for m in (short, long)]
        assert tables[1].shape == (60, 16)
        torch.testing.assert_close(tables[1][:19], tables[0][:19])
        tokens = processor.tokenizer(["red " * 200], truncation=True, return_tensors="pt")
        assert tokens["input_ids"].shape == (1, 60)
        assert torch.isfinite(long.encode_text(**tokens).pooled).all()


class TestSiglip:
    def test_images_as_transformers(self, siglip: Path) -> None:
        model, _ = start(init=str(siglip))
        theirs = SiglipModel.from_pretrained(siglip).eval()
        with torch.inference_mode():
            ours, expected = (m.get_image_features(pixels()).pooler_output for m in (model, theirs))
        torch.testing.assert_close(ours, expected)

    def test_texts_as_transformers_with_sentences_padded_in_full(self, siglip: Path) -> None:
        model, processor = start(init=str(siglip))
        theirs = SiglipModel.from_pretrained(siglip).eval()
        full = processor.tokenizer(
            CAPTIONS, padding="max_length", max_length=24, truncation=True, return_tensors="pt"
        )
        with torch.inference_mode():
            expected = theirs.get_text_features(input_ids=full["input_ids"]).pooler_output
            ours = model.get_text_features(**processor.tokenizer(CAPTIONS, padding=True, return_tensors="pt"))
        torch.testing.assert_close(ours.pooler_output, expected)


class TestTimm:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        torch.manual_seed(4)
        save_for_hf(timm.create_model("test_resnet"), tmp_path / "hub", safe_serialization="both")
        return tmp_path / "hub"

    def test_folder_gives_the_network_and_its_weights(self, folder: Path) -> None:
        model, processor = start(image_init=str(folder), init="scratch", text_layers=1)
        theirs = timm.create_model("test_resnet", num_classes=0)
        theirs.load_state_dict(
            {
                n: w
                for n, w in timm.models.load_state_dict(folder / "model.safetensors").items()
                if n[:3] != "fc."
            }
        )
        with torch.inference_mode():
            tokens = model.encode_image(pixels()).tokens
            expected = theirs.eval().forward_features(pixels()).flatten(2).transpose(1, 2)
        torch.testing.assert_close(tokens, expected)
        assert model.config.image_backbone == "test_resnet"
        assert list(processor.image_processor.image_mean) == [0.5, 0.5, 0.5]

    def test_positions_of_a_vit_fit_the_crops(self, tmp_path: Path) -> None:
        save_for_hf(timm.create_model("test_vit"), tmp_path, safe_serialization=True)
        model, _ = start((128, 64), image_init=str(tmp_path), init="scratch", text_layers=1)
        assert model.image_tower.pos_embed.shape[1] == 1 + 8 * 4
        assert model.encode_image(pixels((128, 64))).grid == (8, 4)

    def test_pickles_are_not_read(self, folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        with pytest.raises(ModelError, match="holds no safetensors file"):
            start(image_init=str(folder), init="scratch")


class TestFiles:
    @pytest.mark.parametrize("name", ["osnet_x0_25", "resnet50_ibn_a"])
    def test_checkpoint_of_a_whole_network(self, name: str, tmp_path: Path) -> None:
        torch.manual_seed(7)
        network = backbones.create(name, {}).build(CROP)
        weights = {f"module.{key}": tensor for key, tensor in network.state_dict().items()}
        save_file(weights | {"module.classifier.weight": torch.zeros(5, 512)}, tmp_path / "net.safetensors")
        model, _ = start(
            CROP, image_init=str(tmp_path / "net.safetensors"), init="scratch", image_backbone=name
        )
        found = model.image_tower.state_dict()
        assert all(torch.equal(tensor, found[key]) for key, tensor in network.state_dict().items())

    def test_checkpoint_of_another_network(self, tmp_path: Path) -> None:
        save_file({"conv1.conv.weight": torch.zeros(2, 3, 7, 7)}, tmp_path / "net.safetensors")
        with pytest.raises(
            ModelError, match=r"has in another shape than \[16, 3, 7, 7\] the weight 'conv1.conv"
        ):
            start(image_init=str(tmp_path), init="scratch", image_backbone="osnet_x0_25")
        save_file({"stem.weight": torch.zeros(2)}, tmp_path / "net.safetensors")
        with pytest.raises(ModelError, match=r"lacks the weight .conv1\.conv\.weight"):
            start(image_init=str(tmp_path), init="scratch", image_backbone="osnet_x0_25")


class TestText:
    def test_bert_from_a_folder(self, tmp_path: Path) -> None:
        folder = write_text_only(tmp_path / "bert")
        model, processor = start(text_init=str(folder), init="scratch", image_backbone="test_efficientnet")
        theirs = BertModel.from_pretrained(folder).eval()
        tokens = processor.tokenizer(CAPTIONS, padding=True, return_tensors="pt")
        with torch.inference_mode():
            states, expected = model.encode_text(**tokens).tokens, theirs(**tokens).last_hidden_state
        torch.testing.assert_close(states, expected)
        assert len(model.text_tower.encoder.layer) == TOWER["num_hidden_layers"]

    def test_folder_of_sentence_transformers(self, tmp_path: Path) -> None:
        write_text_only(tmp_path / "0_Transformer")
        steps = [
            {
                "idx": 0,
                "name": "0",
                "path": "0_Transformer",
                "type": "sentence_transformers.models.Transformer",
            }
        ]
        (tmp_path / "modules.json").write_text(json.dumps(steps))
        model, _ = start(text_init=str(tmp_path), init="scratch", image_backbone="test_efficientnet")
        assert isinstance(model.text_tower, BertModel)
        assert model.text_tower.pooler is None

    def test_towers_of_two_folders(self, clip: Path, tmp_path: Path) -> None:
        model, _ = start(image_init=str(clip), text_init=str(write_text_only(tmp_path / "bert")))
        theirs = CLIPModel.from_pretrained(clip).eval()
        with torch.inference_mode():
            ours, expected = (m.get_image_features(pixels()).pooler_output for m in (model, theirs))
        torch.testing.assert_close(ours, expected)
        assert model.text_projection.out_features == theirs.projection_dim

    def test_what_is_no_text_encoder(self, tmp_path: Path) -> None:
        folder = tmp_path / "timm"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"model_type": "vit"}))
        with pytest.raises(ModelError, match="Cannot start from"):
            start(text_init=str(folder), init="scratch")

    @pytest.mark.parametrize("field", ["init", "image_init", "text_init"])
    @pytest.mark.parametrize(
        ("name", "content"),
        [("config.json", "{"), ("model.safetensors", ""), ("tokenizer.json", "{}")],
    )
    def test_a_damaged_folder(self, field: str, name: str, content: str, tmp_path: Path) -> None:
        folder = write_joint(tmp_path / "model")
        (folder / name).write_text(content)
        recipe = {"init": "scratch", "image_backbone": "test_efficientnet"} | {field: str(folder)}
        if (field, name) == ("image_init", "tokenizer.json"):
            start(**recipe)  # it is not read
            return
        with pytest.raises(ModelError, match=r"Cannot (start from|read)|not as it was saved"):
            start(**recipe)

    def test_a_mistake_of_ours_is_no_damaged_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def mistaken(**_: object) -> None:
            raise RuntimeError("ours")

        monkeypatch.setattr("textreid.models.pretrained.joint.JointConfig", mistaken)
        with pytest.raises(RuntimeError, match="ours"):
            start(init="scratch", image_backbone="test_efficientnet")

    def test_position_count_of_the_tower_limits_sentences(self, tmp_path: Path) -> None:
        folder = write_text_only(tmp_path / "bert")
        BertModel(BertConfig(**TOWER, vocab_size=60, max_position_embeddings=11)).save_pretrained(folder)
        _, processor = start(text_init=str(folder), init="scratch", image_backbone="test_efficientnet")
        assert processor.tokenizer.model_max_length == 11


class TestJoint:
    def test_a_branch_is_added_to_a_trained_model(self, tmp_path: Path) -> None:
        folder = write_joint(tmp_path / "model")
        model, _ = start(CROP, init=str(folder), branches={"stripes": {"count": 2, "dim": 8}})
        trained = load_whole(JointModel, folder).state_dict()
        found = model.state_dict()
        assert all(torch.equal(weight, found[name]) for name, weight in trained.items())
        assert list(model.branches) == ["stripes"]

    def test_one_tower_of_a_trained_model(self, tmp_path: Path) -> None:
        folder = write_joint(tmp_path / "model")
        model, _ = start(CROP, image_init=str(folder), text_init="scratch", text_layers=1)
        trained = load_whole(JointModel, folder)
        with torch.inference_mode():
            ours, theirs = (m.encode_image(pixels(CROP)).pooled for m in (model, trained))
        torch.testing.assert_close(ours, theirs)

    def test_images_alone(self) -> None:
        model, _ = start(
            CROP, init="scratch", image_backbone="osnet_x0_25", projection_dim=512, reads_text=False
        )
        assert not list(model.image_projection.parameters())
        assert model.encode_image(pixels(CROP)).pooled.shape == (3, 512)
        with pytest.raises(ModelError, match="trained on images alone"):
            model.encode_text(torch.ones(1, 3, dtype=torch.long), torch.ones(1, 3, dtype=torch.long))


def test_multimodal_sentence_transformer_is_named_for_what_it_is(tmp_path: Path) -> None:
    folder = write_sentence_transformer(tmp_path / "st")
    model, _ = start(init=str(folder))
    assert model.config.image_backbone == "clip"


@pytest.mark.parametrize("field", ["init", "image_init", "text_init"])
def test_unreachable_hub_says_what_to_do(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    recipe = {"init": "scratch", "image_backbone": "test_efficientnet"} | {field: "acme/nothing"}
    with pytest.raises(ModelError, match="download 'acme/nothing' to a folder and pass its path"):
        start(**recipe)


def test_unknown_names_suggest_near_ones() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'pocket'"):
        start(init="scratch", image_init="pockets")
