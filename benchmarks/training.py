"""The whole training loop beside the bare work of its towers: images per second of each, in turns.

    python benchmarks/training.py [DEVICE [WORKERS]] > benchmarks/results/training.json

"loop" is `textreid.training.train`: decoding, augmentation, transfer, tokens, losses, optimizer, log.
"towers" is a forward and a backward pass of the same towers over finished batches of the same size that lie
on the device. The towers are those of the recipe `cuhk-pedes-pocket`; half of the images are drawn in the
layout of CUHK-PEDES, with captions, and half in that of Market-1501, without. A loop is timed between
steps in the middle of an epoch, where workers are neither ahead nor done. `load` is the machine's before
the first turn: a machine that is busy with something else measures that too. On a CPU the committed result
was measured with LD_PRELOAD=libtcmalloc_minimal.so.4 TCMALLOC_RELEASE_RATE=0 and transparent huge pages on
"always".
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

from textreid.data import (
    EpochBatches,
    Finish,
    IdentitySampler,
    PairDataset,
    read_training_set,
    train_transform,
)
from textreid.models.pretrained import start_model
from textreid.recipe import DataRecipe, Recipe, load_recipe
from textreid.synthetic import write_cuhk_pedes, write_market1501
from textreid.training import Objective, Reporter, Step, StepReport, freeze, train, view_sizes
from textreid.types import Batch

PEOPLE, IMAGES, TURNS, EDGE = 192, 4, 2, 3


def recipe_of(root: Path, workers: int) -> Recipe:
    """One epoch of the recipe's last phase."""
    recipe = load_recipe("cuhk-pedes-pocket", ["model.init=pocket", "model.text_layers_to_keep=[]"])
    data = (
        DataRecipe("cuhk-pedes", root=str(root), attributes="captions"),
        DataRecipe("market1501", root=str(root)),
    )
    *_, last = (stage for stage in recipe.stages if stage["name"] == "phase")
    return replace(recipe, data=data, val=(), stages=({**last, "epochs": 1},), workers=workers)


def loop(recipe: Recipe, out: Path, device: str) -> float:
    """Images per second."""
    ends: list[float] = []

    class Clock(Reporter):
        def step(self, report: StepReport) -> None:  # noqa: ARG002
            ends.append(time.perf_counter())

    train(recipe, out, device=device, reporter=Clock())
    first, last = EDGE, len(ends) - EDGE
    return (last - first) * batch_size(recipe) / (ends[last] - ends[first])


def towers(step: Step, batches: list[Batch], recipe: Recipe) -> float:
    """Images per second."""

    def work(batch: Batch) -> float:
        encoded = step.encode(batch)
        outcome = encoded.image.pooled.square().mean()
        if encoded.text is not None:
            outcome = outcome + encoded.text.pooled.square().mean()
        outcome.backward()
        step.zero_grad()
        return outcome.item()  # waits for the device

    work(batches[0])
    start = time.perf_counter()
    for batch in batches:
        work(batch)
    return len(batches) * batch_size(recipe) / (time.perf_counter() - start)


def image_size(recipe: Recipe) -> tuple[int, int]:
    height, width = recipe.stages[0]["image_size"]
    return height, width


def batch_size(recipe: Recipe) -> int:
    return recipe.sampler.identities * recipe.sampler.images


def held(recipe: Recipe, out: Path, device: str) -> tuple[Step, list[Batch]]:
    """The towers, and the batches of an epoch as they see them, on the device."""
    data, size = read_training_set(recipe.data, out), image_size(recipe)
    model, processor = start_model(recipe.model, size, data.captions)
    pixels = processor.image_processor
    transform = train_transform(recipe.augment, size, pixels.image_mean, pixels.resample)
    finish = Finish(recipe.augment, pixels.image_mean, pixels.image_std)
    order = list(IdentitySampler(data.labels, domains=data.domains, **vars(recipe.sampler)))
    pairs = PairDataset(data, transform)
    epoch = EpochBatches(pairs, order, processor.tokenizer, recipe.text, seed=0, epoch=0)
    batches = [epoch[number].to(device) for number in range(2 * EDGE, len(order))]
    step = Step(model, Objective({}, view_sizes(model, data)), precision=recipe.precision).to(device).train()
    return step, [replace(batch, images=finish(batch.images)) for batch in batches]


def main(device: str = "cpu", workers: str = "1") -> None:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_cuhk_pedes(root, identities=PEOPLE, images_per_identity=IMAGES, split=(1, 0, 0))
        write_market1501(root, identities=2 * PEOPLE, images_per_identity=IMAGES)  # half are for training
        recipe = recipe_of(root, int(workers))
        step, batches = held(recipe, root, device)
        rates: dict[str, list[float]] = {"loop": [], "towers": []}
        with freeze(step.model, recipe.model.frozen):
            for turn in range(TURNS):
                rates["towers"].append(towers(step, batches, recipe))
                rates["loop"].append(loop(recipe, root / str(turn), device))
    height, width = image_size(recipe)
    gpu = device.startswith("cuda")
    report = {
        "device": torch.cuda.get_device_name(device)
        if gpu
        else f"{platform.machine()}, {os.cpu_count()} cores",
        "workers": recipe.workers,
        "precision": recipe.precision,
        "pixels": f"{height} x {width}",
        "images_of_a_batch": batch_size(recipe),
        "batches": len(batches),
        "load": round(load, 1),
        "images_per_second": {name: [round(rate, 1) for rate in found] for name, found in rates.items()},
        "ratio": round(statistics.median(map(lambda a, b: a / b, rates["loop"], rates["towers"])), 3),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
