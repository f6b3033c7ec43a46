"""Attributes of crops: as classes, from annotation files in the authors' layout, and from captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from textreid.data import datasets
from textreid.data.attributes.annotation_files import load_attributes, with_annotations_beside
from textreid.data.attributes.space import (
    AttributeSpace,
    attribute_space,
    vote_on_attributes,
    with_attributes,
)
from textreid.errors import AnnotationError, InputError
from textreid.recipe import DataRecipe
from textreid.types import PersonCrop

UP = ("upblack", "upwhite", "upred", "uppurple", "upyellow", "upgray", "upblue", "upgreen")
DOWN = ("downblack", "downwhite", "downpink", "downpurple", "downyellow", "downgray", "downblue", "downgreen")
PLAIN = (
    "backpack",
    "bag",
    "handbag",
    "clothes",
    "down",
    "up",
    "hair",
    "hat",
    "gender",
    "downbrown",
    *UP,
    *DOWN,
)


def market(numbers: Sequence[str], **changed: Sequence[int]) -> dict[str, Any]:
    """One part of the file: everything 1 but what is changed."""
    columns = {name: np.ones((1, len(numbers)), np.uint8) for name in ("age", *PLAIN)}
    columns |= {name: np.array([values], np.uint8) for name, values in changed.items()}
    return columns | {"image_index": np.array([numbers], dtype=object)}


def write(path: Path, **parts: dict[str, Any]) -> Path:
    scipy.io.savemat(path, {path.stem: parts})
    return path


def crop(person: int | None, *captions: str, **attributes: str) -> PersonCrop:
    return PersonCrop(
        f"{person}.jpg", Path(f"{person}.jpg"), person, captions=captions, attributes=attributes
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    train = market(["0002", "0007"], age=[3, 4], gender=[2, 1], hat=[1, 2], upgray=[2, 1], downbrown=[1, 2])
    return write(tmp_path / "market_attribute.mat", train=train, test=market(["0001", "1501"], up=[2, 1]))


def test_market_file(file: Path) -> None:
    people = load_attributes(file)
    assert sorted(people) == [1, 2, 7, 1501]
    assert people[2] == {
        "age": "adult", "sex": "female", "hat": "no", "upper_colour": "grey", "hair_length": "short",
        "sleeves": "long", "lower_length": "long", "lower_type": "dress", "backpack": "no", "bag": "no",
        "handbag": "no",
    }  # fmt: skip
    assert people[7]["lower_colour"] == "brown"
    assert "upper_colour" not in people[7]  # of no listed colour: not known
    assert people[1]["sleeves"] == "short"


def test_duke_file(tmp_path: Path) -> None:
    columns = ("boots", "shoes", "top", "hat", "backpack", "bag", "handbag", "gender", "upbrown", "downred")
    part = {name: np.array([[1, 2]], np.uint8) for name in columns}
    part["image_index"] = np.array([["0001", "7140"]], dtype=object)
    people = load_attributes(write(tmp_path / "duke_attribute.mat", train=part))
    assert people[7140] == {
        "boots": "yes", "shoe_shade": "light", "upper_length": "long", "hat": "yes", "backpack": "yes",
        "bag": "yes", "handbag": "yes", "sex": "female", "upper_colour": "brown", "lower_colour": "red",
    }  # fmt: skip


def test_malformed_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no attribute file"):
        load_attributes(tmp_path / "nothing.mat")
    (tmp_path / "empty.mat").write_bytes(b"")
    with pytest.raises(InputError, match=r"empty\.mat"):
        load_attributes(tmp_path / "empty.mat")
    (tmp_path / "text.mat").write_text("no MATLAB file, whatever its name says; long enough for a header" * 9)
    with pytest.raises(InputError, match=r"text\.mat"):
        load_attributes(tmp_path / "text.mat")
    scipy.io.savemat(tmp_path / "other.mat", {"faces": np.ones(3)})
    with pytest.raises(InputError, match="'train' and 'test'"):
        load_attributes(tmp_path / "other.mat")
    with pytest.raises(AnnotationError, match=r"train, column 'hat': expected 1 to 2, found 3"):
        load_attributes(write(tmp_path / "a.mat", train=market(["0001", "0002"], hat=[3, 1])))
    with pytest.raises(AnnotationError, match="no attribute called 'mood'"):
        load_attributes(write(tmp_path / "a.mat", train=market(["0001", "0002"], mood=[1, 1])))
    with pytest.raises(AnnotationError, match="1 values for 2 people"):
        load_attributes(
            write(tmp_path / "a.mat", train=market(["0001", "0002"]) | {"hat": np.ones((1, 1), np.uint8)})
        )


@pytest.mark.parametrize("place", [".", "attribute", ".."])
def test_a_file_in_or_beside_the_data_set_is_found(tmp_path: Path, file: Path, place: str) -> None:
    folder = tmp_path / "data" / "Market-1501-v15.09.15"
    (folder / place).mkdir(parents=True, exist_ok=True)
    (folder / place / file.name).write_bytes(file.read_bytes())
    for root in (folder, folder.parent):
        near = with_annotations_beside([crop(7), crop(0), crop(None)], root, folder.name)
        assert [c.attributes.get("hat") for c in near] == ["yes", None, None]


def test_the_data_set_comes_with_its_attributes(tmp_path: Path, file: Path) -> None:
    folder = tmp_path / "Market-1501-v15.09.15" / "bounding_box_train"
    folder.mkdir(parents=True)
    for name in ("0002_c1s1_000451_03.jpg", "0007_c2s3_070952_01.jpg", "0011_c1s1_000000_00.jpg"):
        (folder / name).touch()
    crops = datasets.load("market1501", tmp_path, "train")
    assert [c.attributes.get("sex") for c in crops] == ["female", "male", None]


def test_without_a_file_nothing_is_added(tmp_path: Path) -> None:
    assert with_annotations_beside([crop(7)], tmp_path, "DukeMTMC-reID") == [crop(7)]


def test_space_has_the_values_that_differ() -> None:
    crops = [
        crop(1, hat="no", coat="red", shoe="black"),
        crop(2, hat="yes", coat="blue", shoe="black"),
        crop(3),
    ]
    space = attribute_space(crops)
    assert space.groups == {"coat": ("blue", "red"), "hat": ("no", "yes")}
    assert space.table(crops).tolist() == [[1, 0], [0, 1], [-1, -1]]
    assert attribute_space(crops, groups=("hat", "beard")).groups == {"hat": ("no", "yes")}
    assert attribute_space([]).table([]).shape == (0, 0)


def test_encoding_comes_back() -> None:
    space = AttributeSpace({"hat": ("no", "yes"), "coat": ("blue", "green", "red")})
    attributes = {"hat": "yes", "coat": "green"}
    assert space.decode(space.encode(attributes).tolist()) == attributes
    assert space.encode({"coat": "checked", "beard": "long"}).tolist() == [-1, -1]
    assert space.decode([-1, 2]) == {"coat": "red"}


def test_recipe_says_where_attributes_come_from(file: Path) -> None:
    crops = [crop(7, "A man in a red shirt without a hat."), crop(8), crop(7, hat="no")]
    assert with_attributes(crops, DataRecipe("market1501")) == crops
    read = with_attributes(crops, DataRecipe("market1501", attributes="captions"))
    assert read[0].attributes["upper_colour"] == "red"
    assert read[1].attributes == {}
    annotated = with_attributes(crops, DataRecipe("market1501", attributes=str(file)))
    assert [c.attributes.get("hat") for c in annotated] == ["yes", None, "no"]  # the crop's own word holds
    assert crops == [crop(7, "A man in a red shirt without a hat."), crop(8), crop(7, hat="no")]


def test_captions_of_an_image_vote() -> None:
    told = vote_on_attributes(["A man in a red shirt.", "A man in a red jacket.", "A man in a blue shirt."])
    assert (told["sex"], told["upper"], told["upper_colour"]) == ("male", "shirt", "red")
    assert "upper_colour" not in vote_on_attributes(["A red shirt.", "A blue shirt."])


def test_what_is_always_mentioned_is_absent_when_it_is_not() -> None:
    assert vote_on_attributes(["A man in a red shirt."])["backpack"] == "no"
    told = vote_on_attributes(["A man with a bag."])  # which may be a backpack
    assert (told["hat"], told["bag"], told.get("backpack")) == ("no", "yes", None)
    assert vote_on_attributes(["A man in a red shirt.", "With a backpack."])["backpack"] == "yes"
    assert vote_on_attributes([]) == {}
    assert "glasses" not in vote_on_attributes(["A man in a red shirt."])


def test_crops_keep_the_rest(file: Path) -> None:
    one = replace(crop(7), camera_id=3, split="query")
    (other,) = with_attributes([one], DataRecipe("market1501", attributes=str(file)))
    assert replace(other, attributes={}) == one
