"""A clone in which somebody has worked: no distribution takes their files along, git does not offer them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS_OF_THE_WHEEL = {
    "configs": "textreid/configs",
    "demo/textreid_demo": "textreid_demo",
    "index/textreid_index": "textreid_index",
    "textreid": "textreid",
}
BESIDE = [  # what the commands of README.md and the docs make, and what they are given
    ".env",
    "accounts.txt",
    "clip.mp4",
    "data/CUHK-PEDES/reid_raw.json",
    "drawn/captions.json",
    "example.jpg",
    "gallery/gallery.sqlite",
    "gallery-first/vectors.npy",
    "hits.jpg",
    "joint.html",
    "market-parquet/train.parquet",
    "mine.toml",
    "notes.py",
    "people/gallery.sqlite",
    "people/gallery.sqlite-wal",
    "people/thumbnails/1.jpg",
    "photos/anna.jpg",
    "photos/tests/anna.jpg",
    "pocket-onnx/model.onnx",
    "runs/joint/model/model.safetensors",
    "searches.jsonl",
]
INSIDE = [
    "configs/accounts.txt",
    "configs/photos/anna.jpg",
    "demo/.env",
    "demo/accounts.txt",
    "demo/textreid_demo/anna.jpg",
    "demo/textreid_demo/searches.jsonl",
    "docs/images/anna.jpg",
    "docs/searches.jsonl",
    "index/gallery/gallery.sqlite",
    "index/textreid_index/gallery.sqlite",
    "textreid/.env",
    "textreid/accounts.txt",
    "textreid/people/anna.jpg",
    "textreid/people/gallery.sqlite",
    "textreid/people/numbers.csv",
    "textreid/report/joint.html",
    "textreid/results.json",
    "textreid/weights/mine/README.md",
    "textreid/weights/mine/model.safetensors",
    "textreid/weights/pocket/anna.png",
    "textreid/weights/pocket/searches.jsonl",
]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(target: str, source: Path, into: Path) -> Path:
    run(sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", into, cwd=source)
    return next(into.iterdir())


def of_the_project() -> set[str]:
    return set(run("git", "ls-files", cwd=ROOT).splitlines())


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's files, weights as empty files for speed, and everything that strays there."""
    place = tmp_path_factory.mktemp("clone")
    for name in of_the_project():
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".safetensors":
            file.touch()
        else:
            shutil.copy(ROOT / name, file)
    for name in (*BESIDE, *INSIDE):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("private")
    run("git", "init", "--quiet", cwd=place)
    return place


@pytest.fixture(scope="module")
def sdist(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = build("sdist", clone, tmp_path_factory.mktemp("sdist"))
    place = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(archive) as content:
        content.extractall(place, filter="data")
    return next(place.iterdir())


@pytest.fixture(scope="module")
def wheel(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", clone, tmp_path_factory.mktemp("wheel"))


def test_the_sdist_is_what_git_holds_and_nothing_else(sdist: Path) -> None:
    found = {path.relative_to(sdist).as_posix() for path in sdist.rglob("*") if path.is_file()}
    assert found == of_the_project() | {"PKG-INFO"}


def test_the_wheel_is_what_git_holds_of_the_packages_and_nothing_else(wheel: Path) -> None:
    expected = {
        target + name.removeprefix(folder)
        for name in of_the_project()
        for folder, target in FOLDERS_OF_THE_WHEEL.items()
        if name.startswith(f"{folder}/")
    }
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if ".dist-info/" not in name} == expected
        licences = {name.partition("/licenses/")[2] for name in archive.namelist() if "/licenses/" in name}
    in_weights = {name for name in of_the_project() if name.startswith("textreid/weights/")}
    assert licences == {"LICENSE", "NOTICE"} | {name for name in in_weights if name.endswith("/LICENSE")}


def test_the_wheel_of_the_sdist_is_the_wheel_of_the_clone(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    again = build("wheel", sdist, tmp_path)
    assert again.name == wheel.name
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        assert {item.filename: item.CRC for item in one.infolist()} == {
            item.filename: item.CRC for item in other.infolist()
        }


def test_git_does_not_offer_what_lies_beside_the_project(clone: Path) -> None:
    offered = run("git", "ls-files", "--others", "--exclude-standard", cwd=clone).splitlines()
    assert set(offered) & set(BESIDE) == set()
    assert [name for name in offered if name.endswith((".env", ".sqlite"))] == []
    assert set(offered) >= of_the_project()
