"""Branches: part vectors beside the global one, made of the tokens of both towers.

One file each, the file's stem is the branch's name in a recipe (`[model.branches.NAME]`) and of its view.
Each holds a frozen `Config` (its options, `weight` among them: its weight in the search vector) and one
module, built as `Module(config, image_width=, text_width=, dim=)`, with

- `parts`, P, and `dim`, D': the shape of what it makes;
- `image(tokens [N, h·w, C], grid (h, w), saliency) -> [N, P, D']`;
- `text(tokens [N, L, C], mask [N, L], saliency) -> [N, P, D']`, where `describes` is True: part p of a
  text is compared with part p of an image.
"""

from __future__ import annotations

import sys
from typing import Any

from torch import nn

from textreid import registry

__all__ = ["create", "names"]


def names() -> list[str]:
    """The branches that a recipe can name."""
    return registry.names(sys.modules[__name__])


def create(
    name: str, options: dict[str, Any], *, image_width: int, text_width: int | None, dim: int
) -> nn.Module:
    """The module of the branch called `name`; its `config.weight` is its weight in the search vector.

    Args:
        name: stem of a file in this folder.
        options: its options as a recipe gives them.
        image_width: length of an image token.
        text_width: length of a text token; None for a model without texts.
        dim: D, size of the joint space.

    Raises:
        UnknownNameError: no such branch, or an option that it does not have.
        InputError: an option of the wrong type, or out of its range.
    """
    package, where = sys.modules[__name__], f"model.branches.{name}"
    config, branch = registry.find(package, name, options, kind="branch", where=where, base=nn.Module)
    created: nn.Module = branch(config, image_width=image_width, text_width=text_width, dim=dim)
    return created
