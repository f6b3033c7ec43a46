"""What one of several processes does in the tests; started by `torchrun`.

torchrun --nproc-per-node 2 tests/helpers/distributed_worker.py FOLDER
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from torch import nn

from tests.helpers.small_models import joint_model
from textreid.data.samplers import DistributedBatches, IdentitySampler
from textreid.losses import Sizes
from textreid.recipe import load_recipe
from textreid.training.distributed import gather
from textreid.training.from_recipe import train
from textreid.training.objective import Objective
from textreid.training.step import Step
from textreid.types import Batch

LOSSES = {
    "sdm": {"temperature": 0.1},
    "itc": {},
    "triplet": {"pairs": "all"},
    "identification": {"neck": False, "weight": 0.5},
}
PEOPLE, IMAGES = 4, 2
RUN = [
    "data.0.identities=16",
    "data.0.images=2",
    "val.identities=16",
    "val.images=2",
    "sampler.identities=6",
    "stages.0.epochs=2",
    "workers=0",
    "average=0.9",
    "accumulate=2",
]


def whole_batch(described: list[int]) -> Batch:
    """Eight images of four people; the captions describe some of them."""
    random = torch.Generator().manual_seed(3)
    n, t = PEOPLE * IMAGES, len(described)
    lengths = torch.randint(2, 9, (t, 1), generator=random)
    mask = (torch.arange(8) < lengths).long()
    return Batch(
        images=torch.randn(n, 3, 64, 32, generator=random),
        labels=torch.arange(PEOPLE).repeat_interleave(IMAGES),
        image_ids=torch.arange(n),
        camera_ids=torch.full((n,), -1),
        domains=torch.zeros(n, dtype=torch.int64),
        attributes=torch.empty(n, 0, dtype=torch.int64),
        token_ids=torch.randint(5, 60, (t, 8), generator=random) * mask,
        token_mask=mask,
        text_rows=torch.tensor(described, dtype=torch.int64),
        trust=torch.rand(t, generator=random),
    )


def share_of(batch: Batch, rank: int, processes: int) -> Batch:
    """The rows of one process."""
    size = len(batch.labels) // processes
    images = slice(rank * size, (rank + 1) * size)
    captions = (batch.text_rows >= rank * size) & (batch.text_rows < (rank + 1) * size)
    by_image = ("images", "labels", "image_ids", "camera_ids", "domains", "attributes")
    by_caption = ("token_ids", "token_mask", "trust")
    return replace(
        batch,
        **{name: getattr(batch, name)[images] for name in by_image},
        **{name: getattr(batch, name)[captions] for name in by_caption},
        text_rows=batch.text_rows[captions] - rank * size,
    )


def step_module(losses: dict[str, dict[str, object]]) -> Step:
    """The same in every process; batch statistics stay, because each process has those of its own images."""
    model, _ = joint_model()
    torch.manual_seed(5)
    return Step(model.eval(), Objective(losses, {"global": Sizes(24, PEOPLE)}, gather=gather))


def gradients(module: nn.Module) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix("module."): weight.grad
        for name, weight in module.named_parameters()
        if weight.grad is not None
    }


CASES = {
    "everybody described": (list(range(8)), LOSSES),
    "more captions in one process": (
        [0, 2, 3, 6],
        {n: o for n, o in LOSSES.items() if n != "identification"},
    ),
    "captions in one process": ([4, 5, 7], {n: o for n, o in LOSSES.items() if n != "identification"}),
    "no caption": ([], {"triplet": {}}),
}


def main() -> None:
    out = Path(sys.argv[1])
    accelerator = Accelerator(
        cpu=True, kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)]
    )
    rank, processes = accelerator.process_index, accelerator.num_processes
    found: dict[str, object] = {}
    for name, (described, losses) in CASES.items():
        step = accelerator.prepare_model(step_module(losses))
        report = step(share_of(whole_batch(described), rank, processes))
        accelerator.backward(report.total)
        found[name] = {"terms": dict(report.terms), "gradients": gradients(step)}
        accelerator.free_memory()
    sampler = IdentitySampler([label for label in range(9) for _ in range(5)], identities=4, images=2, seed=1)
    share = DistributedBatches(sampler, images=2, rank=rank, processes=processes)
    found["batches"] = list(share)
    torch.save(found, out / f"{rank}.pt")
    train(load_recipe("smoke", RUN), out / "run")
    accelerator.end_training()


if __name__ == "__main__":
    main()
