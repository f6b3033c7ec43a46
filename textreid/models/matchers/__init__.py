"""Scorers of pairs: one file each, the file's stem is the matcher's name in a recipe.

There are two kinds. A `Matcher` reads an image and a text, and is built as `Part(config, image_width=...,
other_width=...)`; an `ImageMatcher` reads two images, and is built as `Part(config, image_width=...)`. Beside
it a file holds a frozen `Config` (its options, `weight` among them). A model may have one of each kind.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from textreid import registry
from textreid.config import build
from textreid.errors import UnknownNameError
from textreid.models.matchers._image_matcher import ImageMatcher
from textreid.models.matchers._matcher import Matcher

__all__ = ["ImageMatcher", "Matcher", "create", "create_for_images", "names"]

DEFAULT = "cross_attention"
"""The matcher of a [model.matcher] table that names none."""


def names(kind: type[Matcher] | type[ImageMatcher] = Matcher) -> list[str]:
    """The matchers of a kind that a recipe can name; left out, those that read an image and a text."""
    package = sys.modules[__name__]
    return [
        name
        for name in registry.names(package)
        if registry.parts(registry.load(package, name, kind="matcher"), kind)
    ]


def create(options: Mapping[str, Any], *, image_width: int, other_width: int) -> Matcher:
    """The matcher that a [model.matcher] table asks for.

    Args:
        options: its `name`, and the options of its `Config`.
        image_width: C, length of an image token.
        other_width: C', length of a token of the texts.

    Raises:
        UnknownNameError: no such matcher of texts, or an option that it does not have.
        InputError: an option of the wrong type, or out of its range.
    """
    named = {"name": DEFAULT, **options}
    config, part = _find(named, "model.matcher", "matcher of images and texts", Matcher)
    matcher: Matcher = part(config, image_width=image_width, other_width=other_width)
    return matcher


def create_for_images(options: Mapping[str, Any], *, image_width: int) -> ImageMatcher:
    """The matcher that a [model.image_matcher] table asks for.

    Args:
        options: its `name`, and the options of its `Config`.
        image_width: C, length of an image token.

    Raises:
        UnknownNameError: no such matcher of images, or an option that it does not have.
        InputError: an option of the wrong type, or out of its range.
    """
    config, part = _find(options, "model.image_matcher", "matcher of two images", ImageMatcher)
    matcher: ImageMatcher = part(config, image_width=image_width)
    return matcher


def _find(options: Mapping[str, Any], where: str, kind: str, base: type[Any]) -> tuple[Any, Any]:
    rest = dict(options)
    name, known = rest.pop("name", ""), names(base)
    if name not in known:
        raise UnknownNameError(kind, name, known)
    module = registry.load(sys.modules[__name__], name, kind=kind)
    return build(module.Config, rest, where=where), registry.part(module, base)
