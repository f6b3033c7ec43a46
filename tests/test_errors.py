"""Errors in other processes: whatever is raised arrives as what it was, with its sentence."""

from __future__ import annotations

import copy
import importlib
import pickle
import pkgutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

import textreid
import textreid_demo
import textreid_index
from textreid.catalog import find_model
from textreid.errors import ImageError, UnknownNameError
from textreid.service.door import TooManyGuessesError
from textreid.service.waiting import TooMuchError

ARGUMENTS: dict[type[BaseException], tuple[Any, ...]] = {
    UnknownNameError: ("model", "poket", iter(["pocket", "clip"])),
    TooManyGuessesError: (2.5,),
    TooMuchError: ("A request may have 500 files.", 429),
}
"""Of the classes that take more than a sentence."""


def error_classes() -> list[type[BaseException]]:
    found: set[type[BaseException]] = set()
    for package in (textreid, textreid_index, textreid_demo):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            members = vars(importlib.import_module(module.name)).values()
            found |= {one for one in members if isinstance(one, type) and issubclass(one, BaseException)}
    return sorted(
        (one for one in found if one.__module__.startswith("textreid")), key=lambda one: one.__name__
    )


def all_of(error: BaseException) -> tuple[Any, ...]:
    return type(error), str(error), error.args, vars(error)


@pytest.mark.parametrize("kind", error_classes())
def test_every_error_survives_pickle_and_copy(kind: type[BaseException]) -> None:
    error = kind(*ARGUMENTS.get(kind, ("'a.jpg' is no image.",)))
    error.add_note("seen in a worker")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert all_of(pickle.loads(pickle.dumps(error, protocol))) == all_of(error)
    assert all_of(copy.copy(error)) == all_of(copy.deepcopy(error)) == all_of(error)


def test_they_are_all_looked_at() -> None:
    assert {ImageError, UnknownNameError, TooManyGuessesError} < set(error_classes())


def test_a_pool_that_meets_an_unknown_name_says_so_and_goes_on() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        with pytest.raises(UnknownNameError) as raised:
            pool.submit(find_model, "poket").result()
        assert "There is no model called 'poket'. Did you mean 'pocket'?" in str(raised.value)
        assert pool.submit(abs, -1).result() == 1
