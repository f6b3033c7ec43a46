"""What somebody is told to type stands there letter by letter, wherever textreid runs from."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.helpers.toy_console import run_textreid
from textreid.cli import _complain

ROOT = Path(__file__).parents[2]
PACKAGES = {"textreid": ROOT, "textreid_index": ROOT / "index", "textreid_demo": ROOT / "demo"}
SOURCES = [file for name, parent in PACKAGES.items() for file in sorted((parent / name).rglob("*.py"))]


def texts(file: Path) -> list[str]:
    """Every text in the sources that names an extra of the distribution."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    values = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return [value for value in values if isinstance(value, str) and "textreid[" in value]


def test_every_error_names_extras_as_they_are_installed(capsys: pytest.CaptureFixture[str]) -> None:
    told = [text for file in SOURCES for text in texts(file)]
    assert len(told) > 4
    for text in told:
        _complain(text)
        assert " ".join(text.split()) in capsys.readouterr().err


def test_so_does_every_help_page() -> None:
    named = 0
    for file in sorted((ROOT / "textreid" / "cli").glob("[a-z]*.py")):
        for extra in re.findall(r"textreid\[\w+\]", "".join(texts(file))):
            assert extra in run_textreid(file.stem, "--help").output
            named += 1
    assert named > 0


def run_from(path: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    known = os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", "-m", "textreid", *arguments]
    return subprocess.run(command, cwd=cwd, env=known, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Everything that is installed but textreid."""
    place = tmp_path_factory.mktemp("libraries")
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.lstrip("_").startswith("textreid"):
            (place / entry.name).symlink_to(entry)
    return str(place)


def test_sources_that_are_not_installed_have_every_verb(libraries: str, tmp_path: Path) -> None:
    path = os.pathsep.join([*map(str, PACKAGES.values()), libraries])
    assert run_from(path, "--version", cwd=tmp_path).stdout == "unknown\n"
    done = run_from(path, "demo", "--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    done = run_from(os.pathsep.join([str(ROOT), str(ROOT / "index"), libraries]), "--version", cwd=tmp_path)
    assert "the verb 'demo' of textreid_demo.verb cannot be loaded" in done.stderr


def test_a_zip_file_says_that_its_models_and_recipes_cannot_be_read(libraries: str, tmp_path: Path) -> None:
    wheel = tmp_path / "textreid.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, parent in PACKAGES.items():
            for file in (parent / name).rglob("*.py"):
                archive.write(file, file.relative_to(parent))
    path = os.pathsep.join([str(wheel), libraries])
    for arguments in (["models"], ["train", "smoke", "--out", "run"]):
        done = run_from(path, *arguments, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert done.stderr.startswith(f"error: textreid runs from '{wheel}', in which models and recipes")
    assert run_from(path, "--help", cwd=tmp_path).returncode == 0
