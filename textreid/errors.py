"""Every error that textreid raises on purpose.

TextReIDError
├── InputError          a path, photo, video, annotation or query that cannot be used
│   ├── ImageError      one image cannot be decoded safely
│   └── AnnotationError one row of a data set is malformed; names file, row and key
├── UnknownNameError    a model, recipe, key or option that does not exist; names the nearest
└── ModelError          a model folder or checkpoint that cannot be used

The index raises `textreid_index.GalleryError` and its children.
Each message says what is wrong and what to do or type next.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable


class TextReIDError(Exception):
    """Root of the errors that textreid raises on purpose."""


class InputError(TextReIDError):
    """A path, photo, video, annotation or query that cannot be used."""


class ImageError(InputError):
    """One image cannot be decoded safely."""


class AnnotationError(InputError):
    """One row of a data set is malformed; the message names file, row and key."""


class ModelError(TextReIDError):
    """A model folder or checkpoint that cannot be used."""


class UnknownNameError(TextReIDError):
    """A name that does not exist; the message offers the nearest one that does."""

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        super().__init__(kind, f"{name!s:.80}", tuple(sorted(known)))  # by which pickle makes it again

    def __str__(self) -> str:
        kind, name, known = self.args
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        return f"There is no {kind} called '{name}'.{hint} Known: {', '.join(known) or 'none'}."


def warn_renamed(old: str, new: str) -> None:
    """Say on stderr that an old spelling, which works for one version more, has a new one."""
    print(f"note: {old} is now {new}.", file=sys.stderr)


RERANK_TAKES_A_NUMBER = (
    "Re-ranking takes a number: with --rerank 64, or rerank = 64, the model's matcher puts the best 64 hits "
    "into order. k-reciprocal re-ranking, which it meant before, is --k-reciprocal, or k_reciprocal = true."
)
"""What somebody is told who asks for re-ranking as version 0.1 spelled it."""


def refuse_old_rerank(value: object) -> None:
    """Refuse `rerank = true`, the one spelling that changed its meaning.

    Raises:
        InputError: the value is a bool.
    """
    if isinstance(value, bool):
        raise InputError(RERANK_TAKES_A_NUMBER)
