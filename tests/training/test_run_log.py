"""What of a run's log is drawn."""

from __future__ import annotations

from pathlib import Path

from textreid.training.run_log import RunLog


def curves(folder: Path, *, believed: bool) -> bytes:
    folder.mkdir()
    log = RunLog(folder)
    log.add(4, {"epoch": 0, "batch": 4, "images_per_second": 30.0, "sdm": 2.0})
    if believed:
        log.add(4, {"epoch": 1, "believed": 0.7})
    log.add(8, {"epoch": 1, "batch": 4, "images_per_second": 30.0, "sdm": 1.0})
    log.draw()
    log.close()
    return (folder / "curves.png").read_bytes()


def test_share_of_believed_pairs_hides_no_loss_of_the_same_step(tmp_path: Path) -> None:
    assert curves(tmp_path / "with", believed=True) == curves(tmp_path / "without", believed=False)
