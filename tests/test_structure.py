"""The tests themselves: they mirror the rooms, and share code through `tests/helpers` alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = [path for path in sorted((ROOT / "tests").rglob("*.py")) if "fixtures" not in path.parts]
BESIDE = {"data_sets", "demo", "docs", "end_to_end", "faults", "fixtures", "helpers", "index", "long"}
"""Folders of tests that are of no room of `textreid`."""


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_test_module_is_imported(module: Path) -> None:
    imported = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        imported += [name for name in names if name.startswith("tests.")]
    assert [name for name in imported if not name.startswith("tests.helpers.")] == []


def test_every_room_has_its_tests() -> None:
    package = ROOT / "textreid"
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    tested = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()} - BESIDE - {"__pycache__"}
    assert tested == rooms
