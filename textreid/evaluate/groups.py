"""The parts into which a benchmark's queries fall: the source of the picture, its camera, attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath

from textreid.errors import UnknownNameError
from textreid.evaluate.features import Item

GroupsOf = Callable[[Item], Sequence[str]]
"""A query -> the names of the groups it is in."""


def by_source(item: Item) -> Sequence[str]:
    """The first folder of the image's path in its data set: the set that CUHK-PEDES took it from."""
    return PurePosixPath(item.crop.id).parts[:1]


def by_camera(item: Item) -> Sequence[str]:
    """The camera that saw the query."""
    return [] if item.crop.camera_id is None else [f"camera {item.crop.camera_id}"]


def by_attribute(item: Item) -> Sequence[str]:
    """Every attribute that the data set annotates, as "name: value"."""
    return attribute_groups(item.crop.attributes)


def attribute_groups(attributes: Mapping[str, str]) -> list[str]:
    """The groups of one query with these attributes."""
    return [f"{name}: {value}" for name, value in attributes.items()]


GROUPS: dict[str, GroupsOf] = {"source": by_source, "camera": by_camera, "attribute": by_attribute}
"""What `--by` takes. Other divisions, such as attributes read from captions, are functions of one's own."""


def find_groups(name: str) -> GroupsOf:
    """A division by its name.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in GROUPS:
        raise UnknownNameError("division of the queries", name, GROUPS)
    return GROUPS[name]
