"""What of a run's log is drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from textreid.errors import InputError
from textreid.io.run_folder import RunFolder
from textreid.training.run_log import RunLog, draw_log, kind_of

LOSSES = {"epoch": 0, "batch": 4, "images_per_second": 30.0, "sdm": 2.0}
LATER = {"epoch": 1, "batch": 4, "images_per_second": 30.0, "sdm": 1.0}
VALIDATION = {"epoch": 1, "val": {"R1": 50.0, "mAP": 40.0}}
BELIEVED = {"epoch": 1, "believed": 0.7}


def curves(path: Path, *, believed: bool) -> bytes:
    path.mkdir()
    log = RunLog(RunFolder(path))
    log.add(4, "losses", LOSSES)
    if believed:
        log.add(4, "noisy pairs", BELIEVED)
    log.add(8, "losses", LATER)
    log.add(8, "validation", VALIDATION)
    draw_log(log.folder)
    log.close()
    return (path / "curves.png").read_bytes()


def test_fraction_of_believed_pairs_hides_no_loss_of_the_same_step(tmp_path: Path) -> None:
    assert curves(tmp_path / "with", believed=True) == curves(tmp_path / "without", believed=False)


def test_lines_of_version_0_1_are_drawn_alike(tmp_path: Path) -> None:
    """They name no kind."""
    expected = curves(tmp_path / "new", believed=True)
    old = tmp_path / "old"
    old.mkdir()
    rows = [(4, LOSSES), (4, BELIEVED), (8, LATER), (8, VALIDATION)]
    lines = [json.dumps({"step": step, **row}) for step, row in rows]
    (old / "log.jsonl").write_text("\n".join(lines) + "\n")
    log = RunLog(RunFolder(old))
    draw_log(log.folder)
    log.close()
    assert (old / "curves.png").read_bytes() == expected


@pytest.mark.parametrize(
    ("row", "kind"), [(LOSSES, "losses"), (VALIDATION, "validation"), (BELIEVED, "noisy pairs")]
)
def test_a_line_says_what_it_holds(row: dict[str, Any], kind: str) -> None:
    assert kind_of(row) == kind_of({"kind": kind}) == kind


def write_log(folder: Path, text: str) -> RunFolder:
    (folder / "log.jsonl").write_text(text)
    return RunFolder(folder)


def test_lines_that_no_state_knows_of_are_taken_away_and_one_that_was_cut_off(tmp_path: Path) -> None:
    first, second, third = (json.dumps({"step": step, "kind": "losses", **LOSSES}) for step in (4, 8, 12))
    folder = write_log(tmp_path, f"{first}\n{second}\n{third[:20]}")
    RunLog(folder).close()
    assert folder.log.read_text() == f"{first}\n{second}\n"
    log = RunLog(folder, 1)
    log.add(8, "losses", LOSSES)
    assert log.sync() == 2
    log.close()
    assert folder.log.read_text() == f"{first}\n{second}\n"


@pytest.mark.parametrize(
    "line", ["nonsense", "[1]", '{"step": "4"}', '{"step": 4, "sdm": NaN}', "[" * 9999, "{}"]
)
def test_a_line_of_something_else_is_named(tmp_path: Path, line: str) -> None:
    folder = write_log(tmp_path, f'{{"step": 4, "kind": "losses"}}\n{line}\n')
    with pytest.raises(InputError, match=r"Line 2 of '.*log\.jsonl' is none of a run's log: remove it"):
        RunLog(folder)
