"""What `import textreid` promises: a dozen names, loaded when they are used."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import textreid

HEAVY = ("torch", "transformers", "cv2", "gradio", "numpy", "PIL")


def modules_after(code: str) -> set[str]:
    code += "\nimport sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


def test_importing_loads_nothing_heavy():
    assert not modules_after("import textreid") & set(HEAVY)


@pytest.mark.parametrize("name", ["PersonSearch", "Gallery", "list_models", "contact_sheet", "open_image"])
def test_searching_objects_load_without_torch(name):
    assert "torch" not in modules_after(f"from textreid import {name}")


def test_every_public_name_is_there_and_nothing_else_is_visible():
    for name in textreid.__all__:
        assert getattr(textreid, name) is not None
    assert dir(textreid) == sorted(textreid.__all__)


def test_names_for_type_checkers_are_those_for_users():
    assert set(textreid._HOMES) | {"__version__"} == set(textreid.__all__)


def test_version_is_the_installed_one():
    assert textreid.__version__ == version("textreid")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Persons'"):
        textreid.Persons  # noqa: B018
