"""`textreid synthesize` on the real command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from textreid.cli import application
from textreid.data import datasets


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(application(), ["synthesize", *map(str, words)])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("layout", "name"),
    [
        ("cuhk-pedes", "CUHK-PEDES"),
        ("market1501", "Market-1501-v15.09.15"),
        ("frames", "frames"),
        ("plates", "plates"),
    ],
)
def test_it_writes_each_format_and_prints_where(layout: str, name: str, tmp_path: Path) -> None:
    code, out, _ = run("--format", layout, "--out", tmp_path, "--identities", 2, "--images", 3)
    assert code == 0
    assert out.strip() == str(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_the_seed_decides(tmp_path: Path) -> None:
    for place, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert run("--out", tmp_path / place, "--identities", 1, "--images", 1, "--seed", seed)[0] == 0
    a, b, c = (datasets.load("cuhk-pedes", tmp_path / place, "train")[0] for place in "abc")
    assert a.captions == b.captions
    assert a.image.read_bytes() == b.image.read_bytes()
    assert c.image.read_bytes() != a.image.read_bytes()


def test_an_unknown_format_is_named_with_the_nearest(tmp_path: Path) -> None:
    code, out, err = run("--format", "market", "--out", tmp_path)
    assert code == 2
    assert out == ""
    assert "no format called 'market'" in err
    assert "Did you mean 'market1501'?" in err


def test_a_second_run_does_not_write_over_the_first(tmp_path: Path) -> None:
    assert run("--out", tmp_path, "--identities", 1, "--images", 1)[0] == 0
    code, _, err = run("--out", tmp_path, "--identities", 1, "--images", 1)
    assert code == 2
    assert "exists already" in err


def test_help_shows_examples() -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert "textreid synthesize --out drawn --format frames" in out
