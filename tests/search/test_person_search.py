"""Searching with the toy model, whose answers can be told by eye."""

from __future__ import annotations

import builtins
import io
import json
import os
import socket
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.toy import ToyEncoder, draw_person
from tests.helpers.toy_crowd import OUTFITS, draw_outfits
from textreid import PersonSearch
from textreid.errors import InputError
from textreid_index import (
    EncoderMismatchError,
    Gallery,
    GalleryNotFoundError,
    UnknownPersonError,
    Where,
)


@pytest.fixture
def encoder():
    return ToyEncoder()


@pytest.fixture
def search(tmp_path, encoder):
    with PersonSearch.open(tmp_path / "gallery", create=True, encoder=encoder) as opened:
        yield opened


@pytest.fixture
def photos(tmp_path):
    return draw_outfits(tmp_path / "photos")


def names(hits):
    return [Path(record.source).stem for record in hits.records]


class TestSearching:
    @pytest.fixture(autouse=True)
    def filled(self, search, photos):
        search.add(photos, crops=True)

    def test_the_described_person_comes_first(self, search):
        hits = search.search("a man in a yellow shirt and black trousers", k=5)
        assert names(hits)[0] == "yellow-black"
        assert hits[0].score == pytest.approx(1, abs=1e-4)
        assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]

    def test_an_example_photo_finds_its_like(self, search):
        assert names(search.search(image=draw_person("green", "white"), k=1)) == ["green-white"]

    def test_photo_and_words_together(self, search):
        """Like this one, but in blue jeans: the shirt of the photo with the trousers of the words."""
        photo = draw_person("green", "purple")
        assert names(search.search("but with blue jeans", image=photo, k=1)) == ["green-blue"]
        assert names(search.search("but with black jeans", image=photo, k=1)) == ["green-black"]

    def test_feedback_moves_towards_the_liked_and_drops_the_disliked(self, search):
        plain = search.search("a red shirt", k=12)
        assert set(names(plain)[:3]) == {"red-black", "red-white", "red-blue"}
        ids = dict(zip(names(plain), plain.ids, strict=True))
        better = search.search(
            "a red shirt", more_like=[ids["red-white"]], less_like=[ids["red-black"]], k=12
        )
        assert names(better)[0] == "red-white"
        assert "red-black" not in names(better)
        assert names(better).index("green-white") < names(better).index("green-black")

    def test_liked_people_alone_are_a_query(self, search):
        ids = search.search("a red shirt and white trousers", k=1).ids
        assert names(search.search(more_like=ids, k=1)) == ["red-white"]

    def test_similar_people_without_the_person(self, search):
        (id,) = search.search("a red shirt and white trousers", k=1).ids
        assert "red-white" not in names(search.similar(id, k=20))
        assert set(names(search.similar(id, k=5))) == {
            "red-black", "red-blue", "green-white", "blue-white", "yellow-white",
        }  # fmt: skip

    def test_filters(self, search, photos):
        hits = search.search("a red shirt", where=Where(source=str(photos / "blue-white.png")))
        assert names(hits) == ["blue-white"]
        assert len(search.search("a red shirt", where=Where(camera="elsewhere"))) == 0

    @pytest.mark.parametrize("text", [None, "", "   "])
    def test_nothing_to_search_for_is_said(self, search, text):
        with pytest.raises(InputError, match="a man in a blue shirt"):
            search.search(text)

    def test_disliked_people_alone_are_no_query(self, search):
        with pytest.raises(InputError, match="Nothing to search for"):
            search.search(less_like=search.search("red shirt", k=1).ids)

    def test_text_that_looks_like_a_path_or_address_is_only_text(self, search, photos, monkeypatch):
        search.search("warm up")

        def refuse(*args, **kwargs):
            raise AssertionError(f"opened {args}")

        for module in (builtins, io, os, Image):
            monkeypatch.setattr(module, "open", refuse)
        monkeypatch.setattr(socket, "socket", refuse)
        for query in (str(photos / "red-blue.png"), "http://127.0.0.1:9/red.jpg", "file:///etc/passwd"):
            assert len(search.search(query)) == len(OUTFITS)

    def test_a_model_of_other_vectors_is_refused_by_name(self, search):
        other = PersonSearch.open(search.gallery, encoder=ToyEncoder("other", "toy-2"))
        with pytest.raises(EncoderMismatchError, match=r"toy.*other"):
            other.search("a red shirt")
        with pytest.raises(EncoderMismatchError, match=r"toy.*other"):
            other.add([draw_person("pink", "pink")], crops=True)

    def test_a_model_that_was_moved_is_the_same_model(self, search):
        moved = PersonSearch.open(search.gallery, encoder=ToyEncoder("/elsewhere/toy", "toy-1"))
        assert names(moved.search("a red shirt and white trousers", k=1)) == ["red-white"]

    def test_searches_are_logged_only_when_asked(self, search, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        before = set(tmp_path.rglob("*"))
        search.search("a red shirt")
        assert set(tmp_path.rglob("*")) == before
        logging = PersonSearch.open(search.gallery, encoder=ToyEncoder(), log=tmp_path / "log.jsonl")
        hits = logging.search("a red shirt", k=2, where=Where(camera="photos"))
        logging.search(image=draw_person("red", "blue"))
        logging.similar(hits.ids[0], k=1)
        first, second, third = map(json.loads, (tmp_path / "log.jsonl").read_text().splitlines())
        assert first["text"] == "a red shirt"
        assert first["ids"] == list(hits.ids)
        assert first["where"] == {"camera": "photos"}
        assert (second["text"], second["image"]) == (None, True)
        assert third["more_like"] == third["where"]["exclude"] == [hits.ids[0]]
        assert (tmp_path / "log.jsonl").stat().st_mode & 0o077 == 0


class TestOpening:
    def test_a_missing_gallery_is_said_with_the_way_to_make_one(self, tmp_path):
        with pytest.raises(GalleryNotFoundError, match="textreid index"):
            PersonSearch.open(tmp_path / "none")

    def test_an_open_gallery_can_be_given(self, tmp_path, encoder):
        with Gallery.open(tmp_path / "gallery", create=True) as gallery:
            search = PersonSearch.open(gallery, encoder=encoder)
            search.add(draw_person("red", "blue"), crops=True)
            assert len(gallery) == 1

    def test_an_unknown_id_is_said(self, search):
        with pytest.raises(UnknownPersonError):
            search.similar("nobody")

    def test_an_empty_gallery_finds_nobody(self, search):
        assert len(search.search("a red shirt")) == 0

    def test_a_log_that_cannot_be_written_is_said(self, tmp_path):
        with pytest.raises(InputError, match="cannot be logged"):
            PersonSearch.open(tmp_path / "g", create=True, log=tmp_path / "no" / "log.jsonl")
