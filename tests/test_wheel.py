"""What `pip install textreid` gives: three packages, recipes, weights and a console script that starts."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=ROOT)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_what_the_sources_hold(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    assert {name.split("/")[0] for name in sizes if ".dist-info/" not in name} == {
        "textreid",
        "textreid_index",
        "textreid_demo",
    }
    for package in ("textreid", "textreid_index", "textreid_demo"):
        assert f"{package}/py.typed" in sizes
    for recipe in (ROOT / "configs").glob("*.toml"):
        assert f"textreid/configs/{recipe.name}" in sizes
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in sizes)
    weights = {name: size for name, size in sizes.items() if name.endswith(".safetensors")}
    assert set(weights) == {
        f"textreid/weights/{name}/model.safetensors"
        for name in ("pocket", "pocket-synthetic", "nanodet-g", "movenet-lightning")
    }
    assert max(weights.values()) <= 32_000_000
    assert wheel.stat().st_size < 80_000_000


def test_the_installed_wheel_starts(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "site"
    run(
        sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", place, wheel, cwd=tmp_path
    )
    origin = "import textreid, textreid_index, textreid_demo as demo; print(demo.__file__, textreid.__file__)"
    found = run(sys.executable, "-c", origin, cwd=tmp_path, PYTHONPATH=str(place)).split()
    assert [Path(file).parents[1] for file in found] == [place, place]
    printed = run(place / "bin" / "textreid", "--help", cwd=tmp_path, PYTHONPATH=str(place))
    for verb in ("index", "search", "demo", "eval", "train", "models", "synthesize"):
        assert verb in printed
