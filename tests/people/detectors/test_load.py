"""Detectors by name, with small random models in the layouts of transformers and torchvision."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from torchvision.models import get_model
from transformers import RTDetrConfig, RTDetrForObjectDetection, RTDetrImageProcessor, RTDetrResNetConfig

from textreid.errors import ModelError, UnknownNameError
from textreid.people import Boxes, load_detector
from textreid.people.detectors import huggingface as transformer
from textreid.people.detectors import torchvision as vision

IMAGES = [np.random.default_rng(i).integers(0, 256, (100 + 60 * i, 180, 3), np.uint8) for i in range(2)]


def small_rtdetr(folder: Path, labels: tuple[str, ...]) -> RTDetrForObjectDetection:
    torch.manual_seed(0)
    backbone = RTDetrResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 8, 16, 16],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    config = RTDetrConfig(
        backbone_config=backbone,
        encoder_hidden_dim=16,
        encoder_in_channels=[8, 16, 16],
        encoder_layers=1,
        encoder_ffn_dim=16,
        encoder_attention_heads=2,
        d_model=16,
        num_queries=10,
        decoder_in_channels=[16, 16, 16],
        decoder_ffn_dim=16,
        decoder_layers=1,
        decoder_attention_heads=2,
        num_denoising=0,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
    )
    model = RTDetrForObjectDetection(config).eval()
    for head in model.model.decoder.class_embed:
        head.bias.data[1] += 3.0  # it sees the second class more often
    model.save_pretrained(folder)
    RTDetrImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)
    return model


@pytest.fixture(scope="module")
def rtdetr(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RTDetrForObjectDetection]:
    folder = tmp_path_factory.mktemp("rtdetr")
    return folder, small_rtdetr(folder, ("dog", "person", "car"))


def check(boxes: list[Boxes]) -> None:
    assert len(boxes) == len(IMAGES)
    for each, image in zip(boxes, IMAGES, strict=True):
        assert each.xyxy.dtype == each.scores.dtype == np.float32
        assert (each.xyxy >= 0).all()
        assert (each.xyxy[:, 2:] <= image.shape[1::-1]).all()
        assert (np.diff(each.scores) <= 0).all()


def test_a_folder_gives_the_model_s_people(
    rtdetr: tuple[Path, RTDetrForObjectDetection], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, model = rtdetr
    monkeypatch.setattr(transformer, "THRESHOLD", 0.0)
    detector = load_detector(str(folder))
    assert detector.name == str(folder)
    got = detector.detect(IMAGES)
    check(got)
    for boxes, image in zip(got, IMAGES, strict=True):  # by hand: resize, forward, sigmoid, top 10, scale
        tensor = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
        tensor = torch.nn.functional.interpolate(tensor, (64, 64), mode="bilinear", antialias=True)
        with torch.inference_mode():
            output = model(tensor)
        scores, flat = output.logits[0].sigmoid().flatten().topk(10)
        person = flat % 3 == 1
        cx, cy, w, h = output.pred_boxes[0][flat[person] // 3].T.numpy()
        height, width = image.shape[:2]
        expected = np.stack(
            [(cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height]
        )
        expected = expected.T.clip(0, [width, height, width, height])
        assert len(boxes) == len(expected) > 0
        assert np.allclose(boxes.scores, scores[person].numpy(), atol=0.01)
        apart = np.abs(boxes.xyxy[:, None] - expected[None]).max(
            axis=2
        )  # in any order: many scores are equal
        assert apart.min(axis=0).max() < 1
        assert apart.min(axis=1).max() < 1


def test_a_model_that_does_not_know_people_is_refused(tmp_path: Path) -> None:
    small_rtdetr(tmp_path, ("dog", "car"))
    with pytest.raises(ModelError, match=r"does not know people\. It knows: dog, car"):
        load_detector(str(tmp_path))


def test_weights_that_are_no_safetensors_are_refused(
    rtdetr: tuple[Path, RTDetrForObjectDetection], tmp_path: Path
) -> None:
    folder, model = rtdetr
    shutil.copytree(folder, tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").unlink()
    torch.save(model.state_dict(), tmp_path / "model" / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_detector(str(tmp_path / "model"))


def test_auto_takes_rtdetr_from_the_cache_and_nanodet_without_it(
    rtdetr: tuple[Path, RTDetrForObjectDetection], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    assert load_detector().name == "nanodet"
    repository = tmp_path / "models--PekingU--rtdetr_r18vd"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0123")
    shutil.copytree(rtdetr[0], repository / "snapshots" / "0123")
    for name in ("auto", "rtdetr"):
        detector = load_detector(name)
        assert detector.name == "PekingU/rtdetr_r18vd"
        check(detector.detect(IMAGES))


def test_torchvision_by_name_and_by_its_presence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(vision, "THRESHOLD", 0.0)
    name = "ssdlite320_mobilenet_v3_large"
    torch.manual_seed(0)
    model = get_model(name, weights=None, weights_backbone=None).eval()
    for head in model.head.classification_head.module_list:
        head[-1].bias.data.view(-1, 91)[:, 1] += 3.0  # it sees the second class, the person, more often
    path = vision.weights_file(name)
    path.parent.mkdir(parents=True)
    torch.save(model.state_dict(), path)
    for asked in (name, "auto"):
        detector = load_detector(asked)
        assert detector.name == name
        got = detector.detect(IMAGES)
        check(got)
        with torch.inference_mode():
            (expected,) = model([torch.from_numpy(IMAGES[1]).permute(2, 0, 1) / 255])
        people = expected["labels"] == 1
        wide = (expected["boxes"][people][:, 2:] - expected["boxes"][people][:, :2]).min(dim=1).values >= 2
        assert len(got[1]) == int(wide.sum()) > 0
        assert np.allclose(got[1].scores, expected["scores"][people][wide].numpy(), atol=1e-5)
        assert np.allclose(got[1].xyxy, expected["boxes"][people][wide].numpy(), atol=1e-2)


class Payload:
    def __reduce__(self):
        return (Path.touch, (Path("ran"),))


def test_pickled_code_in_weights_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = vision.weights_file("ssdlite320_mobilenet_v3_large")
    path.parent.mkdir(parents=True)
    torch.save({"x": Payload()}, path)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_detector("ssdlite320_mobilenet_v3_large")
    assert not Path("ran").exists()


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"no detector called 'hogg'. Did you mean 'hog'\?"):
        load_detector("hogg")


def test_a_model_that_cannot_be_had_says_what_to_do() -> None:
    with pytest.raises(ModelError, match="or use 'nanodet'"):
        load_detector("nobody/nothing")
