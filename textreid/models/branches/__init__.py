"""Branches: part vectors beside the global one, made of the tokens of both towers.

One file each, the file's stem is the branch's name in a recipe (`[model.branches.NAME]`) and of its view.
Each holds a frozen `Config` (its options; `weight` in the search vector and `dim` among them) and one
`Branch`, built as `Part(config, image_width=..., text_width=...)`.
"""

from __future__ import annotations

import sys
from typing import Any

from textreid import registry
from textreid.models.branches._branch import Branch

__all__ = ["Branch", "create", "names"]


def names() -> list[str]:
    """The branches that a recipe can name."""
    return registry.names(sys.modules[__name__])


def create(name: str, options: dict[str, Any], *, image_width: int, text_width: int | None) -> Branch:
    """The branch called `name`.

    Args:
        name: stem of a file in this folder.
        options: its options as a recipe gives them.
        image_width: length of an image token.
        text_width: length of a text token; None for a model without texts.

    Raises:
        UnknownNameError: no such branch, or an option that it does not have.
        InputError: an option of the wrong type, or out of its range.
    """
    package, where = sys.modules[__name__], f"model.branches.{name}"
    config, branch = registry.find(package, name, options, kind="branch", where=where, base=Branch)
    created: Branch = branch(config, image_width=image_width, text_width=text_width)
    return created
