"""Public docstrings name the arguments that the signature has, all of them or none, and no others.

`*args` and `**kwargs` may go without description: they are mostly handed on.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.docs_pages import ROOT

SOURCES = sorted(
    file
    for package in ("textreid", "index/textreid_index", "demo/textreid_demo")
    for file in (ROOT / package).rglob("*.py")
)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def public_functions(
    tree: ast.Module | ast.ClassDef, prefix: str = ""
) -> Iterator[tuple[str, Function, str]]:
    """Name, node and docstring of each public function; `__init__` may be described by its class."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, Function):
            if node.name == "__init__" and isinstance(tree, ast.ClassDef):
                own = ast.get_docstring(node) or ""
                yield prefix + node.name, node, own or ast.get_docstring(tree) or ""
            elif not node.name.startswith("_"):
                yield prefix + node.name, node, ast.get_docstring(node) or ""


def described(docstring: str) -> list[str]:
    """The names under a Google docstring's `Args:`."""
    section = re.search(r"^Args:\n(?P<body>(?:[ \t]+.*(?:\n|$)|\n)+)", docstring, re.MULTILINE)
    if not section:
        return []
    indent = re.match(r" +", section["body"])[0]
    return re.findall(rf"^{indent}\*{{0,2}}(\w+)(?: \([^)]*\))?:", section["body"], re.MULTILINE)


def accepted(function: Function) -> list[str]:
    arguments = function.args
    every = [
        *arguments.posonlyargs,
        *arguments.args,
        arguments.vararg,
        *arguments.kwonlyargs,
        arguments.kwarg,
    ]
    return [argument.arg for argument in every if argument and argument.arg not in ("self", "cls")]


def variadic(function: Function) -> set[str]:
    return {argument.arg for argument in (function.args.vararg, function.args.kwarg) if argument}


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_described_arguments_are_the_accepted_ones(file: Path) -> None:
    wrong = []
    for name, function, docstring in public_functions(ast.parse(file.read_text("utf-8"))):
        names = described(docstring)
        optional = variadic(function) - set(names)
        expected = [argument for argument in accepted(function) if argument not in optional]
        if names and names != expected:
            wrong.append(f"{name}: describes {names}, accepts {expected}")
    assert wrong == []
