"""Whether a model has seen a data set before: itself, or its images through another."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

Domain = Literal["same", "overlap", "cross", "unknown"]

SOURCES = {
    "cuhk-pedes": {"cuhk01", "cuhk03", "market1501", "viper"},
    "icfg-pedes": {"msmt17"},
    "rstpreid": {"msmt17"},
    "cuhk01-100": {"cuhk01"},
    "cuhk03-np-labeled": {"cuhk03"},
    "cuhk03-np-detected": {"cuhk03"},
    "cuhk03-classic-labeled": {"cuhk03"},
    "cuhk03-classic-detected": {"cuhk03"},
}
"""The data sets whose images another is made of, as far as those can be measured here."""


def domain(trained_on: Collection[str], dataset: str) -> Domain:
    """How near a data set is to what a model learned from.

    Args:
        trained_on: names of data sets; none: not known.
        dataset: that the model is measured on.

    Returns:
        "same": it learned from its training split; "overlap": from another that takes images from the same
        source, so it may know these cameras, or these very people; "cross": from none of the kind; "unknown".
    """
    if not trained_on:
        return "unknown"
    if dataset in trained_on:
        return "same"
    seen = set().union(*(SOURCES.get(name, {name}) for name in trained_on))
    return "overlap" if seen & SOURCES.get(dataset, {dataset}) else "cross"
