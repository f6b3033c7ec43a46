"""Hundreds of hostile recipes, tables, model folders and searches: each an answer or a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.helpers.faults import hostile_annotations, hostile_models, hostile_queries, hostile_recipes
from tests.helpers.faults.answers import answer_or_sentence
from tests.helpers.small_models import (
    CAPTIONS,
    write_clip,
    write_joint,
    write_sentence_transformer,
    write_siglip,
)
from tests.helpers.toy_gallery import people, thumbnails
from textreid.data import datasets
from textreid.inference.encoder import Encoder
from textreid.models.pretrained.joint import start_model
from textreid.recipe.model import ModelRecipe
from textreid.recipe.recipe import load_recipe
from textreid.search import filters
from textreid.search.person_search import PersonSearch
from textreid.training.from_recipe import train
from textreid.training.stage import read_stages
from textreid_index import Embeddings, Gallery

many = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
WRITERS = {
    "joint": write_joint,
    "clip": write_clip,
    "siglip": write_siglip,
    "sentence-transformers": write_sentence_transformer,
}
RECIPE = """
[model]
init = "scratch"
image_backbone = "test_efficientnet"
text_layers = 1
text_width = 32
vocabulary = 100
projection_dim = 16
[[data]]
name = "synthetic"
identities = 8
images = 2
[sampler]
identities = 4
[loss.sdm]
[[stages]]
name = "phase"
epochs = 1
image_size = [64, 32]
"""


@pytest.mark.parametrize("kind", WRITERS)
def test_model_folders(tmp_path_factory: pytest.TempPathFactory, kind: str) -> None:
    folder = WRITERS[kind](tmp_path_factory.mktemp("models") / kind)
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".json", ".sha256"))

    @settings(many, max_examples=150)
    @given(data=st.data())
    def draw(data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(files))
        before = path.read_bytes()
        content = json.loads(before) if path.suffix == ".json" else None
        if isinstance(content, dict) and data.draw(st.booleans()):
            path.write_text(data.draw(hostile_models.edited(content)))
        else:
            path.write_bytes(data.draw(hostile_models.broken_files()))
        recipe = ModelRecipe(init=str(folder))
        try:
            assert answer_or_sentence(lambda: Encoder.load(folder, device="cpu").encode_texts(["a man"]))
            assert answer_or_sentence(lambda: start_model(recipe, (64, 32), CAPTIONS))
        finally:
            path.write_bytes(before)

    draw()


@many
@given(overrides=hostile_recipes.overrides())
def test_recipes_are_read_or_refused(tmp_path: Path, overrides: list[str]) -> None:
    (tmp_path / "mine.toml").write_text(RECIPE)
    path = str(tmp_path / "mine.toml")
    assert answer_or_sentence(lambda: read_stages(load_recipe(path, overrides)))


@settings(many, max_examples=60)
@given(overrides=hostile_recipes.overrides())
def test_recipes_train_or_are_refused(tmp_path_factory: pytest.TempPathFactory, overrides: list[str]) -> None:
    folder = tmp_path_factory.mktemp("run")
    (folder / "mine.toml").write_text(RECIPE)
    small = ["sampler.identities=4", "stages.0.epochs=1"]
    path = str(folder / "mine.toml")
    assert answer_or_sentence(lambda: train(load_recipe(path, [*overrides, *small]), folder / "out"))


@many
@given(
    content=hostile_annotations.lines() | hostile_annotations.csv_files(),
    name=st.sampled_from(["jsonl", "csv"]),
)
def test_tables(tmp_path: Path, content: bytes, name: str) -> None:
    for other in ("jsonl", "csv"):
        (tmp_path / f"people.{other}").unlink(missing_ok=True)
    (tmp_path / f"people.{name}").write_bytes(content)
    Image.new("RGB", (4, 8)).save(tmp_path / "a.png")
    assert answer_or_sentence(lambda: datasets.load("folder", tmp_path, "train"))


def test_searches(tmp_path_factory: pytest.TempPathFactory) -> None:
    encoder = Encoder.load(write_joint(tmp_path_factory.mktemp("models") / "joint"), device="cpu")
    gallery = Gallery.open(tmp_path_factory.mktemp("galleries") / "gallery", create=True)
    records = people(12)
    vectors = encoder.encode_texts([f"a man in {number} coats" for number in range(12)])
    assert np.isfinite(vectors).all()
    ids = tuple(one.id for one in records)
    gallery.add(records, Embeddings(ids, vectors, encoder.info), thumbnails(records))

    with PersonSearch.open(gallery, encoder=encoder) as search:

        @many
        @given(arguments=hostile_queries.searches(), where=hostile_queries.filters())
        def draw(arguments: dict[str, Any], where: dict[str, str]) -> None:
            assert answer_or_sentence(lambda: search.search(**arguments, where=filters.where(**where)))

        draw()
