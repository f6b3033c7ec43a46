"""Two processes that share a batch learn what one process learns from the whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.helpers import distributed_worker as worker
from textreid.data.samplers import DistributedBatches, IdentitySampler
from textreid.errors import InputError

ROOT = Path(__file__).parents[2]
LABELS = [label for label in range(9) for _ in range(5)]


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that two processes left; see `tests.helpers.distributed_worker`."""
    folder = tmp_path_factory.mktemp("processes")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    paths = [str(ROOT), str(ROOT / "index"), str(ROOT / "demo"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}
    script = ROOT / "tests" / "helpers" / "distributed_worker.py"
    done = subprocess.run(
        [*launcher, str(script), str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def both(processes: Path) -> list[dict[str, Any]]:
    """What each of two processes found."""
    return [torch.load(processes / f"{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.mark.parametrize("case", worker.CASES)
class TestGradients:
    def test_are_those_of_one_process_with_the_whole_batch(
        self, both: list[dict[str, Any]], case: str
    ) -> None:
        described, losses = worker.CASES[case]
        alone = worker.step_module(losses)
        alone(worker.whole_batch(described)).total.backward()
        expected = worker.gradients(alone)
        assert any(gradient.abs().max() > 1e-3 for gradient in expected.values())
        for found in both:
            for name, gradient in expected.items():
                difference = (found[case]["gradients"][name] - gradient).abs().max()
                assert difference < 1e-5 * max(1, gradient.abs().max()), name

    def test_losses_that_compare_rows_see_those_of_all(self, both: list[dict[str, Any]], case: str) -> None:
        described, losses = worker.CASES[case]
        expected = worker.step_module(losses)(worker.whole_batch(described)).terms
        for name in set(expected) - {"identification"}:
            for found in both:
                torch.testing.assert_close(found[case]["terms"][name], expected[name])


class TestShares:
    def test_what_each_process_sees(self, both: list[dict[str, Any]]) -> None:
        """Every batch is cut into whole identities, as many for each, nobody twice, in the same steps."""
        whole = list(IdentitySampler(LABELS, identities=4, images=2, seed=1))
        first, second = (found["batches"] for found in both)
        assert len(first) == len(second) == len(whole)
        for one, other, batch in zip(first, second, whole, strict=True):
            assert one + other == batch
            people = [Counter(LABELS[index] for index in share) for share in (one, other)]
            assert [sorted(count.values()) for count in people] == [[2, 2], [2, 2]]
            assert not people[0].keys() & people[1].keys()

    @pytest.mark.parametrize("processes", [1, 2, 3, 6])
    def test_an_epoch_is_dealt_out_whole(self, processes: int) -> None:
        def share(rank: int) -> list[list[int]]:
            sampler = IdentitySampler(LABELS, identities=6, images=3, seed=2)
            sampler.set_epoch(4)
            return list(DistributedBatches(sampler, images=3, rank=rank, processes=processes))

        alone = IdentitySampler(LABELS, identities=6, images=3, seed=2)
        alone.set_epoch(4)
        seen = Counter(index for rank in range(processes) for batch in share(rank) for index in batch)
        assert seen == Counter(index for batch in alone for index in batch)
        assert {len(batch) for batch in share(0)} == {18 // processes}

    def test_identities_that_cannot_be_shared_equally(self) -> None:
        sampler = IdentitySampler(LABELS, identities=5, images=2)
        with pytest.raises(InputError, match=r"2 processes cannot share 5 .*sampler\.identities=4"):
            list(DistributedBatches(sampler, images=2, rank=0, processes=2))


def test_a_recipe_trains_in_two_processes(processes: Path) -> None:
    """One model, one log, images drawn once."""
    out = processes / "run"
    rows = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows if "val" in row] == [1, 2]
    assert load_file(out / "model" / "model.safetensors")
    state = torch.load(out / "state.pt", weights_only=True)
    assert (state["run"]["epoch"], state["run"]["finished"]) == (2, True)
    assert state["average"]["n_averaged"] == 2 * -(-state["run"]["steps"] // 2 // 2)
