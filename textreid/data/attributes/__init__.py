"""Attributes of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.data.attributes.annotation_files import load_attributes
    from textreid.data.attributes.captions import read_caption
    from textreid.data.attributes.lexicon_en import VALUES
    from textreid.data.attributes.space import AttributeSpace, attribute_space, with_attributes
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = [
    "VALUES",
    "AttributeSpace",
    "attribute_space",
    "load_attributes",
    "read_caption",
    "with_attributes",
]
