"""Verbs of other packages: one that is broken keeps nobody from the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from textreid.cli import application


@pytest.mark.parametrize(
    "content", ["import nothing_of_this_name", "def run(:", "1 / 0", "", "raise KeyError"]
)
def test_a_verb_that_cannot_be_loaded_is_named_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    name = tmp_path.name  # another for each
    (tmp_path / f"{name}.py").write_text(content)
    described = tmp_path / f"{name}-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(f"[textreid.verbs]\nguess = {name}\n")
    monkeypatch.syspath_prepend(tmp_path)
    verbs = application()
    assert f"the verb 'guess' of {name} cannot be loaded" in capsys.readouterr().err
    answer = CliRunner().invoke(verbs, ["--help"])
    assert answer.exit_code == 0
    assert "search" in answer.output
    assert "guess" not in answer.output
