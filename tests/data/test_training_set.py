"""What a run learns from, as the recipe names it."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from textreid.data.training_set import read_training_set
from textreid.recipe import DataRecipe

CAPTIONS = ["A man in a red coat.", "Red coat, black bag."]


def write(root: Path, sources: list[str]) -> DataRecipe:
    """A row of two captions from each source, beside rows of no source."""
    rows = [
        {"image": f"{number}.png", "person": number, "captions": CAPTIONS, "caption_source": source}
        for number, source in enumerate(sources)
    ]
    for row in rows:
        Image.new("RGB", (8, 16)).save(root / str(row["image"]))
    (root / "people.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return DataRecipe("folder", root=str(root), trust={"machine": 0.25, "rumour": 0.0})


def test_captions_are_believed_as_their_source_is(tmp_path: Path) -> None:
    recipe = write(tmp_path, ["machine", "author", "", "rumour"])
    assert read_training_set([recipe], tmp_path / "run").trust == [
        [0.25] * 2,
        [1.0] * 2,
        [1.0] * 2,
        [0.0] * 2,
    ]


def test_each_data_set_has_its_own_trust(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    doubted, believed = write(tmp_path / "a", ["machine"]), write(tmp_path / "b", ["machine"])
    recipes = [doubted, DataRecipe("folder", root=believed.root)]
    assert read_training_set(recipes, tmp_path / "run").trust == [[0.25] * 2, [1.0] * 2]
