"""Training where /dev/shm is small, as in a container. Needs Linux and root: it is mounted for the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.faults.small_shared_memory import run_with_shared_memory

DOCKER = 64 * 2**20
BATCHES = """
import torch
from textreid.io.shared_memory import affordable_workers
from textreid.io.worker_processes import load

class Batches:  # 64 images of 384 x 128 pixels, as of cuhk-pedes-irra
    def __len__(self):
        return 40

    def __getitem__(self, number):
        return torch.full((64, 3, 384, 128), number, dtype=torch.uint8)

workers = affordable_workers({workers}, lambda: Batches()[0], print)
print([int(batch.max()) for batch in load(Batches(), 0, workers)] == list(range(40)), workers)
"""
TRAIN = ["-c", "from textreid.cli import main; main()", "train", "smoke", "--device", "cpu"]
TRAIN += ["--set", "workers=4", "--set", "stages.0.image_size=[256, 128]", "--set", "stages.0.epochs=1"]
TRAIN += ["--set", "data.0.identities=24", "--set", "data.0.images=2", "--set", "sampler.identities=4"]
TRAIN += ["--set", "val.identities=8", "--set", "val.images=2"]


@pytest.mark.parametrize("asked", [1, 4])
def test_where_docker_gives_64_mb_as_many_workers_read_as_there_is_room_for(asked: int) -> None:
    done = run_with_shared_memory(DOCKER, "-c", BATCHES.format(workers=asked), timeout=60)
    *said, last = done.stdout.splitlines()
    assert last == f"True {min(asked, 2)}", done.stderr
    if asked == 1:
        assert said == []
    else:
        (line,) = said
        assert line.startswith(f"/dev/shm has 67 MB free and {asked} workers need 1")
        assert "so 2 workers read images" in line
        assert "--shm-size" in line
        assert "--set workers=0" in line


def test_without_any_room_nobody_but_the_training_reads() -> None:
    done = run_with_shared_memory(4096, "-c", BATCHES.format(workers=2), timeout=60)
    assert "so no workers read images" in done.stdout
    assert done.stdout.endswith("True 0\n"), done.stderr


def test_a_training_says_so_in_one_line_and_comes_to_its_end(tmp_path: Path) -> None:
    done = run_with_shared_memory(3500 * 2**10, *TRAIN, "--out", tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr
    assert " ".join(done.stderr.split()).count("so 1 worker reads images: docker run --shm-size=1g") == 1
    assert "Traceback" not in done.stderr
    assert (tmp_path / "model").is_dir()


def test_where_workers_give_nothing_for_minutes_a_sentence_ends_it() -> None:
    """Three seconds here: they find no room, and torch waits for the batch that was lost."""
    impatient = "from textreid.io import worker_processes; worker_processes.PATIENCE = 3"
    unlooked = BATCHES.replace("affordable_workers({workers}, lambda: Batches()[0], print)", "2")
    done = run_with_shared_memory(4 * 2**20, "-c", impatient + unlooked, timeout=60)
    assert done.returncode == 1
    error = done.stderr.splitlines()[-1]
    assert error.startswith(
        "textreid.errors.InputError: The 2 workers that read images give nothing any more"
    )
    assert "--shm-size" in error
    assert "--set workers=0" in error
