"""Two trainings in the folder of one run: the second is told who trains there; locks end with processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from textreid.errors import InputError
from textreid.io.run_folder import RunFolder
from textreid.recipe import load_recipe
from textreid.training.from_recipe import train
from textreid.training.run_lock import train_alone

HOLD = """
import os, sys, time
from pathlib import Path
from textreid.io.run_folder import RunFolder
from textreid.training.run_lock import train_alone

with train_alone(RunFolder(Path(sys.argv[1]))):
    if not os.fork():
        print(os.getpid(), flush=True)
    time.sleep(600)
"""


def test_the_second_is_told_which_process_trains_there(tmp_path: Path) -> None:
    with train_alone(RunFolder(tmp_path)), pytest.raises(InputError) as refused:
        train(load_recipe("smoke"), tmp_path)
    assert f"process {os.getpid()} on " in str(refused.value)
    assert "choose another --out" in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_no_lock_outlives_the_process_that_is_killed_though_its_workers_do(tmp_path: Path) -> None:
    trainer = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    assert trainer.stdout is not None
    worker = int(trainer.stdout.readline())
    try:
        with pytest.raises(InputError, match=f"process {trainer.pid} on "), train_alone(RunFolder(tmp_path)):
            raise AssertionError("two train in one folder")
        trainer.kill()
        trainer.wait()
        with train_alone(RunFolder(tmp_path)):
            os.kill(worker, 0)  # which is there still
            assert f"process {os.getpid()} on " in RunFolder(tmp_path).lock.read_text()
    finally:
        os.kill(worker, signal.SIGKILL)
        trainer.stdout.close()


def test_of_two_processes_that_train_together_one_speaks_for_both(tmp_path: Path) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    verb = ["--no-python", sys.executable, "-c", "from textreid.cli import main; main()", "train", "smoke"]
    command = [*launcher, *verb, "--out", str(tmp_path), "--device", "cpu"]
    with train_alone(RunFolder(tmp_path)):
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode != 0
    assert done.stderr.count(f"process {os.getpid()} on ") == 1
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
