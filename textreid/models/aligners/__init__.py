"""What crops an image anew before it is compared: one file each, the file's stem is the name in a recipe.

Each file holds a frozen `Config` (its options, `weight` among them) and one `Aligner`, built as
`Part(config, image_width=...)`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from textreid import registry
from textreid.models.aligners._aligner import ALIGNED, Aligner

__all__ = ["ALIGNED", "Aligner", "create", "names"]


def names() -> list[str]:
    """The aligners that a recipe can name."""
    return registry.names(sys.modules[__name__])


def create(options: Mapping[str, Any], *, image_width: int) -> Aligner:
    """The aligner that a [model.aligner] table asks for.

    Args:
        options: its `name`, and the options of its `Config`.
        image_width: C, length of an image token.

    Raises:
        UnknownNameError: no such aligner, or an option that it does not have.
        InputError: an option of the wrong type, or out of its range.
    """
    rest = dict(options)
    name, package = rest.pop("name", ""), sys.modules[__name__]
    config, part = registry.find(package, name, rest, kind="aligner", where="model.aligner", base=Aligner)
    aligner: Aligner = part(config, image_width=image_width)
    return aligner
