"""The parts into which a benchmark's queries fall: source and camera of the image, attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath

from textreid.data.attributes.captions import read_caption
from textreid.errors import UnknownNameError
from textreid.evaluate.encoding import Item

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
    return _name_attributes(item.crop.attributes)


def by_caption(item: Item) -> Sequence[str]:
    """Every attribute that the query's caption speaks of; none for an image."""
    return [] if item.caption is None else _name_attributes(read_caption(item.caption))


GROUPS: dict[str, GroupsOf] = {
    "source": by_source,
    "camera": by_camera,
    "attribute": by_attribute,
    "caption": by_caption,
}
"""What `--by` takes. Other divisions are functions of one's own."""


def find_groups(name: str) -> GroupsOf:
    """A division by its name.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in GROUPS:
        raise UnknownNameError("division of the queries", name, GROUPS)
    return GROUPS[name]


def _name_attributes(attributes: Mapping[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in attributes.items()]
