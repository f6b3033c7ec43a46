"""The recipes that come with textreid, with towers of a few kilobytes for few people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from textreid.recipe import load_recipe

PEOPLE = 16  # half of them are for training in Market-1501


TINY_SCRATCH = ["model.init=scratch", "model.image_backbone=test_efficientnet", "model.text_layers=2"]


SMALL = {
    "dcgan": {"epochs": 1, "batch": 4, "image_size": "[32, 16]", "width": 4, "samples": 3},
    "adda": {"epochs": 1, "batch": 4, "hidden": 8},
    "pul": {"rounds": 1, "passes": 1, "clusters": 3, "sure": -1, "batch": 4},
    "cluster_contrast": {"epochs": 1, "identities": 2, "images": 2, "least": 2, "neighbours": 2},
}
"""Stage -> options for few people."""


def attributes() -> dict[str, np.ndarray]:
    """A part of the authors' annotation file: columns of 1 and 2, one row a person."""
    colours = [f"up{name}" for name in ("black", "white", "red", "purple", "yellow", "gray", "blue", "green")]
    plain = ["backpack", "bag", "handbag", "clothes", "down", "up", "hair", "hat", "gender"]
    lower = ("black", "white", "pink", "purple", "yellow", "gray", "blue", "green", "brown")
    columns = {
        name: np.array([[1 + (number * person + person) % 2 for person in range(PEOPLE)]], np.uint8)
        for number, name in enumerate([*plain, "age"])
    }
    for names in (colours, [f"down{name}" for name in lower]):
        for number, name in enumerate(names):
            worn = [[2 if person % len(names) == number else 1 for person in range(PEOPLE)]]
            columns[name] = np.array(worn, np.uint8)
    people = [f"{person + 1:04}" for person in range(PEOPLE)]
    return columns | {"image_index": np.array([people], dtype=object)}


def write_samples(folder: Path, count: int = 6) -> None:
    """Noise in the place of images that a network drew, where the stage `dcgan` puts them."""
    (folder / "-1").mkdir(parents=True)
    for number in range(count):
        Image.effect_noise((32, 64), 80).convert("RGB").save(folder / "-1" / f"{number:05}.png")


def tiny(name: str, hub: Path) -> list[str]:
    """What exchanges a recipe's towers and sizes for the smallest that have all of its parts."""
    recipe = load_recipe(name)
    model = recipe.model
    changes = [
        "workers=0",
        "precision=fp32",
        "sampler.identities=4",
        f"sampler.images={min(2, recipe.sampler.images)}",
    ]
    if "clip" in model.init:
        changes.append(f"model.init={hub / 'clip'}")
    elif model.init.startswith("runs/"):
        changes.append(f"model.init={hub / 'joint'}")
    elif model.image_init == "scratch":
        changes.append("model.image_backbone=osnet_x0_25")
    elif model.image_init:
        changes += [f"model.image_init={hub / 'resnet'}", "model.projection_dim=96"]
    else:
        changes += [*TINY_SCRATCH, "model.text_width=64", "model.vocabulary=200", "model.projection_dim=32"]
    if recipe.teacher:
        changes.append(f"teacher={hub / 'clip'}")
    if model.text_layers_to_keep:
        changes.append("model.text_layers_to_keep=[0, 1]")
    if recipe.sampler.generated:
        changes.append("sampler.generated=2")
    if recipe.sampler.unknown:
        changes.append("sampler.unknown=2")
    for number, data in enumerate(recipe.data):
        if data.sources:
            changes.append(f"data.{number}.sources=[]")
        if data.name == "folder" and not data.generated:
            changes.append(f"data.{number}.root={hub / 'plates'}")
        if data.generated:
            changes.append(f"data.{number}.root={hub / 'samples'}")
        if data.name == "synthetic":
            changes += [f"data.{number}.identities={PEOPLE - 4}", f"data.{number}.images=2"]
    if any(val.name == "synthetic" for val in recipe.val):
        changes += [f"val.identities={PEOPLE}", "val.images=2"]
    epochs = 2 if recipe.noise else 1
    for number, stage in enumerate(recipe.stages):
        if stage["name"] == "domain_dropout":
            changes += [f"stages.{number}.images=16", f"stages.{number}.deterministic=0"]
        if stage["name"] in ("phase", "domain_dropout"):
            changes += [f"stages.{number}.epochs={epochs}", f"stages.{number}.image_size=[64, 32]"]
        small = SMALL.get(stage["name"], {})
        changes += [f"stages.{number}.{option}={value}" for option, value in small.items()]
    return changes
