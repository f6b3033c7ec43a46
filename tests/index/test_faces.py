"""The names that the index hands on, loaded when they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import textreid_index
from textreid_index import backends


@pytest.mark.parametrize("face", [textreid_index, backends], ids=lambda face: face.__name__)
def test_every_public_name_is_there(face) -> None:
    assert face.__all__ == sorted(set(face.__all__))
    for name in face.__all__:
        assert getattr(face, name) is not None


def test_names_for_type_checkers_are_those_for_users() -> None:
    assert sorted(textreid_index._HOMES) == textreid_index.__all__ == dir(textreid_index)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Galery'"):
        textreid_index.Galery  # noqa: B018


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import textreid_index; from textreid_index import GalleryError", {"numpy", "sqlite3"}),
        ("from textreid_index import Gallery", {"torch", "faiss", "PIL"}),
    ],
)
def test_nothing_is_loaded_before_it_is_needed(code: str, absent: set[str]) -> None:
    program = f"{code}\nimport sys\nprint({absent} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
