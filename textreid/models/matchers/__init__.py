"""Scorers of pairs: one file each, the file's stem is the matcher's name in a recipe.

Each file holds a frozen `Config` (its options, `weight` among them) and one `Matcher`, built as
`Part(config, image_width=..., other_width=...)`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from textreid import registry
from textreid.models.matchers._matcher import Matcher

__all__ = ["Matcher", "create", "names"]

DEFAULT = "cross_attention"
"""The matcher of a [model.matcher] table that names none."""


def names() -> list[str]:
    """The matchers that a recipe can name."""
    return registry.names(sys.modules[__name__])


def create(options: Mapping[str, Any], *, image_width: int, other_width: int) -> Matcher:
    """The matcher that a [model.matcher] table asks for.

    Args:
        options: its `name`, and the options of its `Config`.
        image_width: C, length of an image token.
        other_width: C', length of a token of what images are paired with.

    Raises:
        UnknownNameError: no such matcher, or an option that it does not have.
        InputError: an option of the wrong type, or out of its range.
    """
    rest = dict(options)
    name = rest.pop("name", DEFAULT)
    package = sys.modules[__name__]
    config, part = registry.find(package, name, rest, kind="matcher", where="model.matcher", base=Matcher)
    matcher: Matcher = part(config, image_width=image_width, other_width=other_width)
    return matcher
