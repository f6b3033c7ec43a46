"""Which models can be named, what is told of them, and what their fingerprint covers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.helpers.small_models import joint_model, write_clip, write_joint
from textreid.catalog import find_model, fingerprint, list_models
from textreid.errors import UnknownNameError

CARD = """---
license: apache-2.0
model-index:
- name: small
  results:
  - task:
      type: text-to-image-retrieval
    dataset:
      name: cuhk-pedes val
      type: cuhk-pedes
    metrics:
    - name: R1
      type: R1
      value: 21.5
---
# Small

Finds people on small photos.

More text.
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    write_joint(root / "small")
    (root / "small" / "README.md").write_text(CARD)
    write_clip(root / "clip")
    (root / "no model").mkdir()
    return root


@pytest.fixture
def models(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = shutil.copytree(written, tmp_path / "models")
    monkeypatch.setenv("TEXTREID_MODELS", str(folder))
    return folder


def test_listed_model_tells_what_its_folder_says(models: Path) -> None:
    (small,) = [model for model in list_models() if model.name == "small"]
    assert small.path == models / "small"
    assert small.dim == 24
    assert small.parameters == sum(weight.numel() for weight in joint_model()[0].state_dict().values())
    assert small.bytes == (models / "small" / "model.safetensors").stat().st_size
    assert small.terms == "apache-2.0"
    assert small.description == "Finds people on small photos."
    assert small.results == {"cuhk-pedes val R1": 21.5}


def test_model_without_a_card(models: Path) -> None:
    (clip,) = [model for model in list_models() if model.name == "clip"]
    assert (clip.dim, clip.terms, clip.results) == (12, "see its source", {})


def test_other_folders_are_no_models(models: Path) -> None:
    assert "no model" not in {model.name for model in list_models()}


@pytest.mark.parametrize(
    ("file", "content"), [("config.json", "{"), ("model.safetensors", ""), ("README.md", "---\n[\n---\n")]
)
def test_damaged_model_is_listed_with_the_reason(models: Path, file: str, content: str) -> None:
    (models / "small" / file).write_text(content)
    described = {model.name: model.description for model in list_models()}
    assert described["small"].startswith("damaged: ")
    assert "clip" in described


def test_several_folders_of_models(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(models / "clip", tmp_path / "more" / "second")
    monkeypatch.setenv("TEXTREID_MODELS", f"{models}:{tmp_path / 'more'}:{tmp_path / 'missing'}")
    assert {"small", "clip", "second"} <= {model.name for model in list_models()}


def test_name_wins_over_a_folder_of_that_name(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "small").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert find_model("small") == ("small", models / "small")
    assert find_model("./small")[1] == tmp_path / "here" / "small"


def test_unknown_name(models: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"no model called 'smal'\. Did you mean 'small'"):
        find_model("smal")


class TestFingerprint:
    def test_is_16_hexadecimal_digits(self, models: Path) -> None:
        assert len(fingerprint(models / "small")) == 16
        assert int(fingerprint(models / "small"), 16) >= 0

    def test_does_not_depend_on_place_or_card(self, models: Path) -> None:
        before = fingerprint(models / "small")
        (models / "small" / "README.md").write_text("another card")
        (models / "small").rename(models / "renamed")
        assert fingerprint(models / "renamed") == before

    @pytest.mark.parametrize(
        "file",
        [
            "config.json",
            "model.safetensors",
            "processor_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "modules.json",
            "sentence_bert_config.json",
        ],
    )
    def test_depends_on_every_byte_that_matters(self, models: Path, file: str) -> None:
        before = fingerprint(models / "small")
        path = models / "small" / file
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        assert fingerprint(models / "small") != before

    def test_depends_on_which_files_there_are(self, models: Path) -> None:
        before = fingerprint(models / "small")
        (models / "small" / "tokenizer.json").rename(models / "small" / "other.json")
        assert fingerprint(models / "small") != before

    def test_differs_between_models(self, models: Path) -> None:
        assert fingerprint(models / "small") != fingerprint(models / "clip")
