"""The folder of a training run: what lies where, and what a kill leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from textreid.errors import InputError
from textreid.io.run_folder import RunFolder, write_json


def test_stored_epochs_come_in_order_of_their_numbers(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    for name in ("10", "9", "2.partial", "notes"):
        (tmp_path / "epochs" / name).mkdir(parents=True)
    assert list(run.epochs()) == [(9, run.epoch(9)), (10, run.epoch(10))]


def test_what_was_measured_reads_back(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert run.read_best() == {}
    run.write_best({"epoch": 3})
    assert run.read_best() == {"epoch": 3}
    assert [path.name for path in tmp_path.iterdir()] == ["best.json"]


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    for written in ("nonsense", "[1]", "[" * 9999):
        run.best.write_text(written)
        with pytest.raises(InputError, match=r"best\.json'.*Delete it"):
            run.read_best()


def test_a_kill_while_writing_json_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "best.json"
    write_json(path, {"epoch": 1})

    def killed(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            write_json(path, {"epoch": 2})
    assert json.loads(path.read_text()) == {"epoch": 1}


def test_a_run_has_a_log_and_a_model(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.model.mkdir()
    assert not run.is_run()
    run.log.touch()
    assert run.is_run()
