"""What `import textreid` promises, and what each of its rooms: names that are loaded when they are used."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

import textreid
import textreid_demo
from tests.helpers.docs_pages import ROOT, read_pages

HEAVY = {"torch", "transformers", "cv2", "gradio", "numpy", "PIL", "scipy", "starlette"}
ROOMS = [
    *("io", "recipe", "models", "losses", "metrics", "data", "synthetic", "people", "inference", "ingest"),
    *("search", "evaluate", "report", "training", "service", "cli"),
]
BUILDERS = ("textreid.losses", "textreid.models", "textreid.training.stages")
"""Rooms that load torch by themselves: they build modules by name, or register with transformers."""


def packages(package: ModuleType = textreid) -> list[str]:
    """Every package below one, by its dotted name."""
    folder = Path(package.__path__[0])
    inits = [file.parent.relative_to(folder.parent) for file in folder.rglob("__init__.py")]
    return sorted(".".join(path.parts) for path in inits)


def has_face(package: str) -> bool:
    return "__all__" in vars(import_module(package))


def source(package: str) -> str:
    return Path(import_module(package).__path__[0], "__init__.py").read_text("utf-8")


FACES = [name for name in [*packages(), *packages(textreid_demo)] if has_face(name)]
LAZY = [name for name in FACES if "hand_on(__name__)" in source(name)]


def modules_after(code: str) -> set[str]:
    code += "\nimport sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


def test_every_room_has_a_face() -> None:
    assert {f"textreid.{room}" for room in ROOMS} <= set(FACES)


def test_a_face_loads_nothing_heavy() -> None:
    light = [name for name in FACES if not name.startswith(BUILDERS)]
    assert not modules_after(f"import {', '.join(light)}") & HEAVY


@pytest.mark.parametrize("name", ["PersonSearch", "Gallery", "list_models", "contact_sheet", "open_image"])
def test_searching_objects_load_without_torch(name: str) -> None:
    assert "torch" not in modules_after(f"from textreid import {name}")


@pytest.mark.parametrize("package", FACES)
def test_every_public_name_is_there(package: str) -> None:
    face = import_module(package)
    assert [name for name in face.__all__ if getattr(face, name) is None] == []
    assert set(face.__all__) <= set(dir(face))


@pytest.mark.parametrize("package", LAZY)
def test_type_checkers_and_users_see_the_same_names(package: str) -> None:
    blocks = [node for node in ast.parse(source(package)).body if isinstance(node, ast.If)]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
    face = import_module(package)
    assert {alias.name for node in imports for alias in node.names} == set(face.__all__) - {"__version__"}
    assert dir(face) == sorted(face.__all__)


@pytest.mark.parametrize("package", FACES)
def test_no_public_name_is_hidden_by_a_module(package: str) -> None:
    """Importing a module binds its stem in the room, over a lazy name that is spelled alike."""
    face = import_module(package)
    stems = {file.stem for file in Path(face.__path__[0]).glob("*.py")}
    assert stems & set(face.__all__) == set()


def test_version_is_the_installed_one() -> None:
    assert textreid.__version__ == version("textreid")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Persons'"):
        textreid.Persons  # noqa: B018


def reader_code() -> dict[str, str]:
    """Python that readers see: the blocks of the pages and the benchmarks, by where it stands."""
    blocks = [block for page in read_pages() for block in page.blocks if block.language == "python"]
    files = sorted((ROOT / "benchmarks").glob("*.py"))
    code = {block.where: block.text for block in blocks}
    return code | {f"benchmarks/{file.name}": file.read_text("utf-8") for file in files}


def test_docs_and_benchmarks_import_from_faces() -> None:
    """From a room, or from one of the few modules at the root."""
    rooms = {*packages(), *packages(textreid_demo), "textreid_index"}
    rooms |= {f"textreid.{file.stem}" for file in Path(textreid.__path__[0]).glob("[a-z]*.py")}
    inside = []
    for where, text in reader_code().items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textreid"):
                face = import_module(node.module)
                offered = set(getattr(face, "__all__", dir(face)))
                offered |= {room.rpartition(".")[2] for room in rooms if room.startswith(f"{node.module}.")}
                missing = {alias.name for alias in node.names} - offered
                if node.module not in rooms or missing:
                    inside.append(f"{where}: from {node.module} import {', '.join(sorted(missing))}")
    assert inside == []
