"""Captions of which a model reads only the beginning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def remark_cut_captions(lengths: Sequence[int], longest: int) -> Iterator[str]:
    """A sentence where captions are longer than is read.

    Args:
        lengths: tokens of each caption.
        longest: tokens that are read.
    """
    longer = sum(length > longest for length in lengths)
    if longer:
        yield (
            f"{longer:,} of {len(lengths):,} captions are longer than the {longest} tokens that are read: the"
            " model does not see the rest."
        )
