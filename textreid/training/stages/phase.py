"""A phase: epochs over the training data at one resolution, by the recipe's losses.

Phases that follow one another have the optimizer, the moving average and the heads of the losses in common.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from textreid.data.batches import EpochBatches, PairDataset, load_batches, seed_of
from textreid.data.caption_length import remark_cut_captions
from textreid.data.image_augment import Finish, train_transform
from textreid.data.nobody import with_nobody
from textreid.data.samplers import DistributedBatches, make_sampler
from textreid.errors import InputError
from textreid.io.shared_memory import affordable_workers
from textreid.models.folder import load_whole
from textreid.models.joint import JointModel
from textreid.models.pretrained.joint import start_model
from textreid.models.processor import JointProcessor, image_processor
from textreid.models.reading import reading_model
from textreid.recipe.recipe import Recipe
from textreid.training.averaging import interpolate_weights
from textreid.training.distributed import gather, own_rows
from textreid.training.freezing import recompute_activations, set_dropout
from textreid.training.loop import fit
from textreid.training.mining.hard_identities import hard_neighbours
from textreid.training.mining.noisy_pairs import believed_fraction, filter_noisy_pairs
from textreid.training.objective import Objective, view_sizes
from textreid.training.run import TrainingRun
from textreid.training.schedule import Schedule
from textreid.training.stage import StageConfig
from textreid.training.step import Step
from textreid.training.task import Task
from textreid.training.teacher import Teacher, read_teacher
from textreid.training.validation import keep_best
from textreid.types import Batch, Encoded, LossReport

LARGEST_SIDE = 2048


@dataclass(frozen=True)
class Config(Schedule, StageConfig):
    """Epochs at one resolution; the learning rate warms up, then falls.

    Attributes:
        image_size: (height, width) in pixels.
        frozen: modules that stay as they are in this phase alone, such as "image_tower".
    """

    image_size: tuple[int, int] = (256, 128)
    frozen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 32 <= min(self.image_size) <= max(self.image_size) <= LARGEST_SIDE:
            raise InputError(
                f"image_size is {list(self.image_size)}; both sides need 32 pixels or more,"
                f" {LARGEST_SIDE} at most."
            )

    def check(self, recipe: Recipe) -> None:
        """Raise `InputError` where there is no loss, or one of a teacher and of its loss is missing."""
        if not recipe.loss:
            raise InputError("A phase learns by losses: give the recipe a [loss.NAME] table or more.")
        distils = any(name.partition("@")[0] == "distillation" for name in recipe.loss)
        if distils and not recipe.teacher:
            raise InputError(
                '[loss.distillation] learns from a teacher: name a model, such as teacher = "pocket".'
            )
        if recipe.teacher and not distils:
            raise InputError(
                "Nothing learns from the teacher: add a [loss.distillation] table, or leave it out."
            )
        drawn = any(data.generated for data in recipe.data)
        if drawn and not recipe.sampler.generated:
            raise InputError("Say how many generated images join a batch: --set sampler.generated=16")
        if recipe.sampler.generated and not drawn:
            raise InputError("sampler.generated needs a [[data]] table with generated = true: add one.")


def run(run: TrainingRun, options: Config) -> None:
    """Train for the epochs of one phase, and keep the best model."""
    train_phase(run, options, PhaseTask)


def train_phase(run: TrainingRun, options: Config, make_task: type[PhaseTask]) -> None:
    """As `run`, with a task of its own kind, which goes on from phases before it as they do."""
    recipe, number = run.recipe, run.state.stage
    phases = [stage.config for stage in run.stages[:number] if isinstance(stage.config, Config)]
    follows = number > 0 and isinstance(run.stages[number - 1].config, Config)
    torch.manual_seed(recipe.seed)
    size = [*phases, options][0].image_size
    model, processor = start_model(recipe.model, size, run.data.captions)
    if run.state.steps == 0 and recipe.model.reads_text:
        lengths = [len(ids) for ids in processor.tokenizer(run.data.captions)["input_ids"]]
        for sentence in remark_cut_captions(lengths, processor.tokenizer.model_max_length):
            run.reporter.note(sentence)
    start = copy.deepcopy(model.state_dict()) if recipe.model.interpolate else {}
    title, teacher = f"phase {len(phases) + 1}", read_teacher(run)
    task = make_task(run, options, model, processor, start, title=title, teacher=teacher)
    if not follows and run.start_folder is not None:
        with reading_model(run.start_folder):
            left: JointModel = load_whole(JointModel, run.start_folder)
        model.load_state_dict({name: w for name, w in left.state_dict().items() if name != "hubs"})
    fit(
        run,
        task,
        options,
        frozen=options.frozen,
        accumulate=recipe.accumulate,
        first_epoch=sum(phase.epochs for phase in phases),
        continues=follows,
    )


class PhaseTask(Step, Task):
    """Batches of P × K images with captions, and the losses of the recipe.

    Args:
        run: the run; its data is learned from.
        options: of the phase.
        model: at the recipe's start; its image size becomes the phase's.
        processor: of the model; likewise.
        start: the weights that the recipe starts from, to interpolate with; may be empty.
        title: of the phase.
        teacher: what the model imitates, if anything.
    """

    def __init__(
        self,
        run: TrainingRun,
        options: Config,
        model: JointModel,
        processor: JointProcessor,
        start: Mapping[str, Tensor],
        *,
        title: str,
        teacher: Teacher | None,
    ) -> None:
        recipe, data, size = run.recipe, run.data, options.image_size
        sizes = view_sizes(model, data, teacher_dim=teacher.dim if teacher else 0)
        objective = Objective(recipe.loss, sizes, gather=gather)
        super().__init__(model, objective, precision=recipe.precision)
        if model.text_tower is not None:
            set_dropout(model.text_tower, recipe.model.text_dropout)
        if recipe.recompute:
            recompute_activations(model)
        pixels = processor.image_processor
        model.config.image_size = size
        processor.image_processor = image_processor(
            size, pixels.image_mean, pixels.image_std, pixels.resample
        )
        self.run, self.options = run, options
        self.processor, self.start, self.title = processor, start, title
        self.teacher = teacher
        self.transform = train_transform(recipe.augment, size, pixels.image_mean, pixels.resample)
        self.finish = Finish(recipe.augment, pixels.image_mean, pixels.image_std)
        self.sampler = make_sampler(recipe.sampler, data.labels, data.domains, seed=recipe.seed)
        self.workers: int | None = None  # of the recipe's, until it is known what a batch takes
        self.trust: list[list[float]] | None = None
        self.neighbours: list[list[int]] | None = None

    def get_extra_state(self) -> dict[str, Any]:
        """What was found before this epoch, which goes on with it."""
        return {"trust": self.trust, "neighbours": self.neighbours}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Go on with what was found before."""
        self.trust, self.neighbours = state["trust"], state["neighbours"]

    def open_epoch(self, epoch: int, first: int) -> tuple[int, Iterator[tuple[int, Batch]]]:
        """This process's part of each batch: whole identities."""
        run, recipe = self.run, self.run.recipe
        self.sampler.set_epoch(epoch)
        if recipe.sampler.hard_neighbours:
            if first == 0 or self.neighbours is None:
                self.neighbours = run.broadcast(self._find_neighbours(epoch) if run.is_first else None)
            self.sampler.set_hard_neighbours(self.neighbours or [])
        data, processes = run.data, run.accelerator.num_processes
        if recipe.noise is not None and epoch >= recipe.noise.warmup:
            if first == 0:
                self.trust = run.broadcast(self._find_trust(epoch) if run.is_first else None)
            data = replace(data, trust=self.trust or data.trust)
        order = list(
            DistributedBatches(
                self.sampler,
                images=recipe.sampler.images,
                rank=run.accelerator.process_index,
                processes=processes,
            )
        )
        nobody = ((data.generated, recipe.sampler.generated), (data.unknown, recipe.sampler.unknown))
        for rows, count in nobody:
            if count:
                order = list(with_nobody(order, rows, count, own_rows(count), seed=recipe.seed, epoch=epoch))
        batches = EpochBatches(
            PairDataset(data, self.transform),
            order,
            self.processor.tokenizer,
            recipe.text,
            seed=run.process_seed,
            epoch=epoch,
        )
        if self.workers is None:
            self.workers = affordable_workers(recipe.workers, lambda: batches[first], run.reporter.note)
        on_gpu = run.accelerator.device.type == "cuda"
        loaded = load_batches(batches, first, workers=self.workers, pin_memory=on_gpu)
        return len(order), ((len(batch.labels) * processes, batch) for batch in loaded)

    def forward(self, inputs: Batch) -> LossReport:
        """The losses of a batch of bytes."""
        batch = inputs.to(self.model.device)
        return super().forward(replace(batch, images=self.finish(batch.images)))

    def encode(self, batch: Batch) -> Encoded:
        """Both modalities, and what the teacher makes of them."""
        encoded = super().encode(batch)
        return encoded if self.teacher is None else replace(encoded, teacher=self.teacher.look_at(batch))

    def finish_epoch(self, epoch: int) -> None:
        """Measure the model, and keep it where it is the best so far."""
        run = self.run
        if run.is_first and run.model is not None:
            model = interpolate_weights(run.model, self.start, run.recipe.model.interpolate)
            keep_best(run, model, self.processor, self.objective, epoch)

    def _find_neighbours(self, epoch: int) -> list[list[int]]:
        assert self.run.model is not None
        encoder = self.run.encoder(self.run.model, self.processor)
        return hard_neighbours(encoder, self.run.data, seed=seed_of(self.run.recipe.seed, epoch))

    def _find_trust(self, epoch: int) -> list[list[float]]:
        run, data = self.run, self.run.data
        found = filter_noisy_pairs(
            data,
            self.model,
            self.processor,
            seed=seed_of(run.recipe.seed, epoch),
            device=run.device,
            workers=run.recipe.workers,
        )
        believed = believed_fraction(data, found)
        if run.log is not None:
            run.log.add(run.state.steps, "noisy pairs", {"epoch": epoch, "believed": believed})
        run.reporter.note(f"epoch {epoch + 1}: {believed:.0%} of the pairs are believed")
        return [list(row) for row in found.trust]
