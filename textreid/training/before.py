"""What is looked at before the first step: files, labels, and how much of the data an epoch shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from textreid.data.image_paths import require_files
from textreid.data.samplers import make_sampler
from textreid.data.training_set import TrainingSet
from textreid.errors import InputError
from textreid.evaluate.answers import caveats, require_answers
from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.directions import direction_of
from textreid.recipe.recipe import Recipe


def require_usable(recipe: Recipe, data: TrainingSet, val: Mapping[str, Benchmark]) -> None:
    """Refuse data that would end the run later.

    Raises:
        InputError: image files are missing, or a validation split has no query with a right answer.
    """
    require_files(data.crops, "training")
    if recipe.sampler.unknown and not data.unknown:
        raise InputError(
            "sampler.unknown joins images of nobody known, and everybody is: leave it out, or add a [[data]]"
            " table with labels = false."
        )
    for name, benchmark in val.items():
        require_files((*benchmark.queries, *benchmark.gallery), name)
        require_answers(benchmark, [direction_of(benchmark, reads_text=recipe.model.reads_text)])


def remarks(recipe: Recipe, data: TrainingSet, val: Mapping[str, Benchmark]) -> Iterator[str]:
    """What somebody has to know who reads the numbers of the run, a sentence each."""
    dealt = any(stage["name"] == "phase" for stage in recipe.stages)
    sampler = make_sampler(recipe.sampler, data.labels, data.domains, seed=recipe.seed) if dealt else None
    if sampler is not None and sampler.is_lopsided:
        yield (
            f"An epoch shows {sampler.count_shown():,} of {len(data.crops):,} images, and all of them within"
            f" {sampler.epochs_for_all} epochs: some people have far more images than others."
        )
    for name, benchmark in val.items():
        for sentence in caveats(benchmark, [direction_of(benchmark, reads_text=recipe.model.reads_text)]):
            yield f"{name}: {sentence}"
