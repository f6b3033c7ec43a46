"""Training: batch in, named losses out, one readable loop."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from accelerate.utils import broadcast_object_list
from torch import Tensor, nn
from torch.utils.data import DataLoader

from textreid.data.batches import EpochBatches, PairDataset, seed_of
from textreid.data.image_augment import Finish, train_transform
from textreid.data.samplers import IdentitySampler, ShareOfBatches
from textreid.data.training_set import TrainingSet, read_training_set
from textreid.errors import InputError
from textreid.evaluate.benchmark import Benchmark
from textreid.inference.adapters import TransformersAdapter
from textreid.inference.encoder import Encoder
from textreid.inference.reranker import RERANKED_HITS
from textreid.io.run_folder import RunFolder
from textreid.models.folder import save_model
from textreid.models.joint import JointModel
from textreid.models.pretrained.joint import start_model
from textreid.models.processor import JointProcessor, image_processor
from textreid.recipe.recipe import Recipe
from textreid.recipe.training import Phase
from textreid.training import validation
from textreid.training.averaging import MovingAverage, interpolate_weights
from textreid.training.checkpoint import load_state, save_state, settle
from textreid.training.distributed import gather, make_accelerator
from textreid.training.freezing import freeze, recompute_activations, set_dropout
from textreid.training.mining.hard_identities import hard_neighbours
from textreid.training.mining.noisy_pairs import believed_fraction, filter_noisy_pairs
from textreid.training.objective import Objective, view_sizes
from textreid.training.optimizer import make_optimizer, schedule, set_rates
from textreid.training.progress import Progress, StepReport
from textreid.training.run_log import RunLog
from textreid.training.stages.hubness import counter_hubs
from textreid.training.stages.locked.stage import train_locked
from textreid.training.step import Step
from textreid.types import LossReport
from textreid_index import EncoderInfo

STATE_SECONDS = 300
LOG_STEPS = 20


def train(
    recipe: Recipe,
    out: Path,
    *,
    device: str = "cpu",
    report: Callable[[StepReport], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> Path:
    """Train by a recipe, going on from where `out` was left.

    A run that is interrupted and resumed ends with the same weights as one that is not, on the same machine.
    Under `torchrun` or `accelerate launch` all processes share each batch, and the first one reports.

    Args:
        recipe: see `textreid.recipe.load_recipe`.
        out: folder of the run; docs/training.md says what is in it.
        device: a torch device; of several processes each takes its own of that kind.
        report: told after every step.
        say: told of every finished epoch.

    Returns:
        The folder of the trained model: the best on the first validation split, or the last.

    Raises:
        InputError: the recipe lacks data, losses or phases, its data cannot be read, `out` holds a run of
            another recipe, hubs are to be countered or training is to go on without sentences, or the loss is
            no longer finite.
    """
    if not recipe.phases or not recipe.loss:
        raise InputError("The recipe needs a [loss.NAME] table or more, and a [[phases]] table or more.")
    if recipe.model.hubs and not recipe.model.reads_text:
        raise InputError("Sentences tell what hubs are, and this model reads none: --set model.hubs=0")
    if recipe.locked and not recipe.model.reads_text:
        raise InputError("[[locked]] trains with sentences, and this model reads none: leave the tables out.")
    accelerator = make_accelerator(device, recipe.precision)
    with accelerator.main_process_first():  # it draws people for all
        settle(recipe, out)
        data = read_training_set(recipe.data, out, reads_text=recipe.model.reads_text)
        val = validation.read_benchmarks(recipe.val, out)
    torch.manual_seed(recipe.seed)
    model, processor = start_model(recipe.model, recipe.phases[0].image_size, data.captions)
    objective = Objective(recipe.loss, view_sizes(model, data), gather=gather)
    start = copy.deepcopy(model.state_dict()) if recipe.model.interpolate else {}
    step = Step(model, objective, precision=recipe.precision).to(accelerator.device)
    if model.text_tower is not None:
        set_dropout(model.text_tower, recipe.model.text_dropout)
    if recipe.recompute:
        recompute_activations(model)
    optimizer = make_optimizer(model, objective, recipe.optimizer, untrained=recipe.model.frozen)
    average = MovingAverage(model, recipe.average) if recipe.average else None
    kept = {"model": model, "objective": objective, "optimizer": optimizer}
    kept |= {} if average is None else {"average": average}
    kept |= {} if accelerator.scaler is None else {"scaler": accelerator.scaler}
    progress = load_state(out, kept)
    log = RunLog(RunFolder(out)) if accelerator.is_main_process else None
    if log is not None and progress == Progress():
        log.note(say)
    run = _Run(
        recipe,
        out,
        accelerator,
        step,
        start,
        processor,
        optimizer,
        average,
        kept,
        val,
        data.groups,
        log,
        report,
        say,
    )
    while progress.phase < len(recipe.phases):
        with freeze(model, (*recipe.model.frozen, *recipe.phases[progress.phase].frozen)) as still:
            run.phase(recipe.phases[progress.phase], data, still, progress)
        progress.phase, progress.epoch_in_phase = progress.phase + 1, 0
    if log is not None:
        run.finish(data)
        log.close()
    return RunFolder(out).model


@dataclass(frozen=True)
class _Run:
    recipe: Recipe
    out: Path
    accelerator: Accelerator
    step: Step
    start: Mapping[str, Tensor]
    processor: JointProcessor
    optimizer: torch.optim.Optimizer
    average: MovingAverage | None
    kept: Mapping[str, Any]
    val: Mapping[str, Benchmark]
    groups: Mapping[str, tuple[str, ...]]
    log: RunLog | None
    report: Callable[[StepReport], None]
    say: Callable[[str], None]

    @property
    def model(self) -> JointModel:
        return self.step.model

    @property
    def kept_model(self) -> JointModel:
        """What is measured and kept: the average of the weights where the recipe asks for one."""
        averaged: Any = self.average and self.average.module
        model: JointModel = averaged or self.model
        model.config = self.model.config  # pictures have the size of the present phase
        return model

    @property
    def seed(self) -> int:
        """Of what this process draws: every process varies its own pictures."""
        rank = self.accelerator.process_index
        return seed_of(self.recipe.seed, rank) if rank else self.recipe.seed

    def phase(self, phase: Phase, data: TrainingSet, still: list[nn.Module], progress: Progress) -> None:
        """All epochs of one phase that are still to do."""
        pixels = self.processor.image_processor
        self.model.config.image_size = phase.image_size
        self.processor.image_processor = image_processor(
            phase.image_size, pixels.image_mean, pixels.image_std, pixels.resample
        )
        augment = self.recipe.augment
        transform = train_transform(augment, phase.image_size, pixels.image_mean, pixels.resample)
        finish = Finish(augment, pixels.image_mean, pixels.image_std)
        images, processes = self.recipe.sampler.images, self.accelerator.num_processes
        sampler = IdentitySampler(
            data.labels, domains=data.domains, **vars(self.recipe.sampler), seed=self.recipe.seed
        )
        share = ShareOfBatches(
            sampler, images=images, rank=self.accelerator.process_index, processes=processes
        )
        step = self.accelerator.prepare_model(self.step)
        optimizer = self.accelerator.prepare_optimizer(self.optimizer, device_placement=False)
        for epoch in range(progress.epoch_in_phase, phase.epochs):
            sampler.set_epoch(progress.epoch)
            if self.recipe.sampler.hard_neighbours:
                sampler.set_look_alikes(self._look_alikes(data, progress))
            pairs = PairDataset(self._divided(data, progress), transform)
            self.step.train()
            for module in still:
                module.eval()  # their batch statistics stay too
            self._epoch(phase, step, optimizer, pairs, finish, list(share), progress)
            progress.batch, progress.epoch_in_phase, progress.epoch = 0, epoch + 1, progress.epoch + 1
            self._finish_epoch(progress)
        self.accelerator.free_memory()

    def _divided(self, data: TrainingSet, progress: Progress) -> TrainingSet:
        """The data of an epoch, wrong pairs no longer trusted where the recipe looks for them."""
        noise = self.recipe.noise
        if noise is None or progress.epoch < noise.warmup:
            return data
        if progress.batch == 0:
            seed, device = seed_of(self.recipe.seed, progress.epoch), str(self.accelerator.device)
            trust = None
            if self.log is not None:
                workers = self.recipe.workers
                found = filter_noisy_pairs(
                    data, self.model, self.processor, seed=seed, device=device, workers=workers
                )
                trust, share = found.trust, believed_fraction(data, found)
                self.log.add(progress.steps, "noisy pairs", {"epoch": progress.epoch, "believed": share})
                self.say(f"epoch {progress.epoch + 1}: {share:.0%} of the pairs are believed")
            progress.trust = broadcast_object_list([trust])[0]
        return replace(data, trust=progress.trust or data.trust)

    def _look_alikes(self, data: TrainingSet, progress: Progress) -> list[list[int]]:
        """Who looks like whom in this epoch."""
        if progress.batch == 0 or progress.look_alikes is None:
            found = None
            if self.log is not None:
                encoder = self._encoder(self.kept_model, progress)
                found = hard_neighbours(encoder, data, seed=seed_of(self.recipe.seed, progress.epoch))
            progress.look_alikes = broadcast_object_list([found])[0]
        return progress.look_alikes or []

    def _epoch(
        self,
        phase: Phase,
        step: nn.Module,
        optimizer: AcceleratedOptimizer,
        pairs: PairDataset,
        finish: Finish,
        order: list[list[int]],
        progress: Progress,
    ) -> None:
        batches = EpochBatches(
            pairs, order, self.processor.tokenizer, self.recipe.text, seed=self.seed, epoch=progress.epoch
        )
        loader = DataLoader(
            batches,
            batch_size=None,
            sampler=range(progress.batch, len(order)),
            num_workers=self.recipe.workers,
            pin_memory=self.accelerator.device.type == "cuda",
            generator=torch.Generator(),  # its own, so that the loader draws nothing from the global one
        )
        size = self.recipe.accumulate
        updates = -(-len(order) // size)
        saved = before = time.monotonic()
        for batch in loader:
            first = progress.batch - progress.batch % size
            last = progress.batch + 1 in (first + size, len(order))
            update = progress.epoch_in_phase * updates + progress.batch // size
            set_rates(self.optimizer, phase, schedule(phase, update, updates))
            torch.manual_seed(seed_of(self.seed, progress.epoch, progress.batch))
            batch = batch.to(self.accelerator.device)
            batch = replace(batch, images=finish(batch.images))
            share = 1 / min(size, len(order) - first)
            with nullcontext() if last else self.accelerator.no_sync(step):
                losses = step(batch)
                self.accelerator.backward(share * losses.total)
            if last:
                self._change(optimizer)
            progress.batch, progress.steps = progress.batch + 1, progress.steps + 1
            now = time.monotonic()
            rate = len(batch.labels) * self.accelerator.num_processes / (now - before)
            self._tell(losses, progress, len(order), rate)
            before = now
            if last and now - saved > STATE_SECONDS:
                self._save(progress)
                saved = now

    def _change(self, optimizer: AcceleratedOptimizer) -> None:
        """One change of the weights by the gradient that was added up."""
        self.accelerator.clip_grad_norm_(self.model.parameters(), self.recipe.optimizer.clip)
        optimizer.step()
        optimizer.zero_grad()
        if self.average is not None:
            self.average.update_parameters(self.model)

    def _tell(self, losses: LossReport, progress: Progress, steps: int, rate: float) -> None:
        values = torch.stack(list(losses.terms.values())).tolist()  # the device is waited for once
        terms = dict(zip(losses.terms, values, strict=True))
        if not all(map(math.isfinite, values)):
            raise InputError(f"The loss is not finite ({terms}): lower the learning rates of this phase.")
        if self.log is None:
            return
        epochs = sum(phase.epochs for phase in self.recipe.phases)
        self.report(StepReport(progress.batch, steps, progress.epoch, epochs, terms, rate))
        if progress.batch % LOG_STEPS == 0 or progress.batch == steps:
            row = {"epoch": progress.epoch, "batch": progress.batch, "images_per_second": rate}
            self.log.add(progress.steps, "losses", {**row, **terms})

    def _finish_epoch(self, progress: Progress) -> None:
        """Measure and keep the model, and the state to go on from."""
        if self.log is not None:
            self._keep_best(self.log, progress)
            self._save(progress)
            self.log.draw()
        self.accelerator.wait_for_everyone()

    def _keep_best(self, log: RunLog, progress: Progress) -> None:
        """Write the model if it is the best so far on the first validation split, or if there is none."""
        model = interpolate_weights(self.kept_model, self.start, self.recipe.model.interpolate)
        if self.recipe.save_epochs:
            save_model(model, self.processor, RunFolder(self.out).epoch(progress.epoch))
        if self.val:
            measured = self._measure(model, progress)
            (first, chosen), *others = measured.items()
            row = {"epoch": progress.epoch, "val": chosen, **({"also": dict(others)} if others else {})}
            log.add(progress.steps, "validation", row)
            self.say(f"epoch {progress.epoch}: {validation.summary_line(measured)}")
            if chosen["R1"] <= progress.best:
                return
            progress.best = chosen["R1"]
            RunFolder(self.out).write_best(
                {"epoch": progress.epoch, "chosen_by": f"R1 of {first}", "val": measured}
            )
        save_model(model, self.processor, RunFolder(self.out).model)

    def finish(self, data: TrainingSet) -> None:
        """What the kept model learns once its towers are trained, each once; and what that is worth."""
        recipe, folder, device = self.recipe, RunFolder(self.out).model, str(self.accelerator.device)
        learned = [
            train_locked(self.out, data, recipe, number, device=device, show=self._show, report=self._show)
            for number in range(len(recipe.locked))
        ]
        nearest = recipe.model.hubs
        turned = nearest > 0 and counter_hubs(folder, data, nearest=nearest, device=device, seed=recipe.seed)
        if not self.val or not (any(learned) or turned):
            return
        encoder, best = Encoder.load(folder, device=device), RunFolder(self.out).read_best()
        best["val"] = {
            name: before | validation.measure(encoder, self.val[name], reads_text=True)
            for name, before in best["val"].items()
        }
        self.say(f"vectors of the finished model: {validation.summary_line(best['val'])}")
        if encoder.matcher:
            best["matched"] = {
                name: validation.measure(encoder, benchmark, reads_text=True, rerank=RERANKED_HITS)
                for name, benchmark in self.val.items()
            }
            found = validation.summary_line(best["matched"])
            self.say(f"first {RERANKED_HITS} put into order by the matcher: {found}")
        RunFolder(self.out).write_best(best)

    def _show(self, stage: str, done: int, total: int, terms: Mapping[str, float] | None = None) -> None:
        epochs = sum(phase.epochs for phase in self.recipe.phases)
        self.report(StepReport(done, total, epochs, epochs, dict(terms or {}), 0.0, stage))

    def _measure(self, model: JointModel, progress: Progress) -> dict[str, dict[str, float]]:
        """Validation split -> metric -> percent."""
        encoder = self._encoder(model, progress)
        reads_text = self.model.text_tower is not None
        return {
            name: validation.measure(encoder, benchmark, reads_text=reads_text)
            | self._recognition(model, benchmark)
            for name, benchmark in self.val.items()
        }

    def _encoder(self, model: JointModel, progress: Progress) -> Encoder:
        """The model as it is, put into evaluation mode until the next epoch."""
        model.eval()
        info = EncoderInfo("training", f"epoch {progress.epoch}", self.model.config.projection_dim)
        return Encoder(TransformersAdapter(model, self.processor, str(self.accelerator.device)), info)

    def _recognition(self, model: JointModel, benchmark: Benchmark) -> dict[str, float]:
        """What the attribute heads are worth, if the recipe trains them."""
        heads: Any = self.step.objective.terms
        if "attributes" not in heads:
            return {}
        device = str(self.accelerator.device)
        return validation.measure_attributes(
            model, self.processor, heads["attributes"], benchmark, self.groups, device=device
        )

    def _save(self, progress: Progress) -> None:
        if self.log is not None:
            save_state(self.out, progress, self.kept)
