"""Searches: whatever is asked is an answer or a sentence; what a gallery names is looked up on this disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from tests.helpers.faults import hostile_queries
from tests.helpers.faults.answers import answer_or_sentence
from tests.helpers.small_models import write_clip, write_joint
from tests.helpers.toy_gallery import people, thumbnails
from textreid.errors import InputError, ModelError
from textreid.inference.encoder import Encoder
from textreid.search import filters
from textreid.search.person_search import PersonSearch
from textreid_index import Embeddings, EncoderInfo, Gallery

few = settings(max_examples=40, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return Encoder.load(write_joint(tmp_path_factory.mktemp("models") / "joint"), device="cpu")


@pytest.fixture(scope="module")
def search(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PersonSearch]:
    gallery = Gallery.open(tmp_path_factory.mktemp("galleries") / "gallery", create=True)
    records = people(12)
    vectors = encoder.encode_texts([f"a man in {number} coats" for number in range(12)])
    gallery.add(
        records, Embeddings(tuple(one.id for one in records), vectors, encoder.info), thumbnails(records)
    )
    with PersonSearch.open(gallery, encoder=encoder) as opened:
        yield opened


@few
@given(arguments=hostile_queries.searches(), where=hostile_queries.filters())
def test_whatever_is_asked_is_an_answer_or_a_sentence(
    search: PersonSearch, arguments: dict[str, Any], where: dict[str, str]
) -> None:
    assert answer_or_sentence(lambda: search.search(**arguments, where=filters.where(**where)))


@few
@given(text=hostile_queries.texts())
def test_whatever_is_described_has_finite_vectors_or_is_refused(encoder: Encoder, text: str) -> None:
    def encode() -> None:
        assert np.isfinite(encoder.encode_texts([text])).all()

    assert answer_or_sentence(encode)


@pytest.mark.parametrize(
    ("text", "said"),
    [("a \ud800 man", "half a character"), ("x" * 200_000, "200,000 characters; it may have 100,000")],
)
def test_descriptions_that_cannot_be_read(encoder: Encoder, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        encoder.encode_texts(["a man", text])


@pytest.mark.parametrize("since", ["9" * 400, "9" * 5_000, "²"])
def test_moments_that_are_none(since: str) -> None:
    with pytest.raises(InputError, match="is not a date and time"):
        filters.where(since=since)


class TestTheModelThatAGalleryNames:
    def test_is_never_asked_of_a_hub(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import huggingface_hub

        def asked(*_: object, **__: object) -> None:
            raise AssertionError("a hub was asked")

        monkeypatch.setattr(huggingface_hub, "snapshot_download", asked)
        with pytest.raises(ModelError, match=r"'acme/nothing', which is not on this disk.*--model NAME"):
            Encoder.load_known(EncoderInfo("acme/nothing", "0" * 16, 8), device="cpu")

    @pytest.mark.parametrize("name", ["", "a\0b", "x" * 300, "\ud800", "../..", "a/b/c", "~nobody-at-all/x"])
    def test_may_be_called_anything(self, name: str) -> None:
        known = EncoderInfo(name, "0" * 16, 8)
        assert "model" in answer_or_sentence(lambda: Encoder.load_known(known, device="cpu"))

    def test_is_the_one_of_the_right_fingerprint(
        self, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A listed model, a folder and two versions in the hub's cache share the name."""
        from huggingface_hub import constants

        cached = tmp_path / "hub" / "models--acme--mine" / "snapshots"
        right = shutil.copytree(encoder.folder or "", cached / "1")
        for other in (cached / "0", tmp_path / "here" / "acme" / "mine"):
            write_clip(other)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.chdir(tmp_path / "here")
        known = EncoderInfo("acme/mine", encoder.info.fingerprint, encoder.info.dim)
        found = Encoder.load_known(known, device="cpu")
        assert found.info == known
        assert found.folder == right
