"""A training run under way: what its stages are given, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list

from textreid.data.batches import seed_of
from textreid.data.training_set import TrainingSet
from textreid.errors import InputError
from textreid.evaluate.benchmark import Benchmark
from textreid.inference.adapters import TransformersAdapter
from textreid.inference.encoder import Encoder
from textreid.io.images import open_image
from textreid.io.run_folder import RunFolder
from textreid.models.folder import LOCAL, load_whole, save_model
from textreid.models.joint import JointModel
from textreid.models.pretrained.joint import start_model
from textreid.models.processor import JointProcessor
from textreid.models.reading import reading_model
from textreid.recipe.recipe import Recipe
from textreid.training.checkpoint import restore, save_state
from textreid.training.progress import Reporter, RunState
from textreid.training.publication import publish, stage_folder
from textreid.training.run_log import RunLog
from textreid.training.stage import Stage
from textreid_index import EncoderInfo


@dataclass
class TrainingRun:
    """A training run under way, in one of its processes.

    Attributes:
        recipe: what it does.
        stages: those of the recipe, in order.
        folder: its folder.
        accelerator: devices and processes.
        data: what is learned from.
        val: validation split -> what is measured.
        reporter: called with how it is going; silent in all processes but the first.
        log: what is written down; None in all processes but the first.
        state: how far the run is; the training loop and `enter` and `leave` change it.
        resumed: whether the stage under way goes on from where an earlier process was ended.
        model: what the stage under way has learned so far, see `textreid.training.loop.fit`; None before.
        parts: what the state holds beside `state`, by name.
        losses: each term of the last step, before its weight.
    """

    recipe: Recipe
    stages: Sequence[Stage]
    folder: RunFolder
    accelerator: Accelerator
    data: TrainingSet
    val: Mapping[str, Benchmark]
    reporter: Reporter
    log: RunLog | None
    state: RunState
    resumed: bool = False
    model: JointModel | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)
    losses: Mapping[str, float] = field(default_factory=dict)

    @property
    def device(self) -> str:
        """The torch device of this process."""
        return str(self.accelerator.device)

    @property
    def is_first(self) -> bool:
        """Whether this is the process that measures, writes and reports."""
        return bool(self.accelerator.is_main_process)

    @property
    def process_seed(self) -> int:
        """Of what this process alone draws, such as how its images are varied; the recipe's in the first."""
        rank = self.accelerator.process_index
        return seed_of(self.recipe.seed, rank) if rank else self.recipe.seed

    @property
    def stage_folder(self) -> Path:
        """Where the stage under way may store what it needs after an interruption; gone at its end."""
        return stage_folder(self.folder, self.stages, self.state.stage)

    @property
    def start_folder(self) -> Path | None:
        """The model that the stages before have left; None where the recipe starts."""
        kept = self.folder.kept(self.state.start)
        if not self.state.start:
            return None
        return kept if kept.is_dir() else self.folder.model

    @property
    def kept_folder(self) -> Path:
        """The model that was kept last, whether the state speaks of it yet or not."""
        kept = self.folder.kept(self.state.kept)
        return kept if kept.is_dir() else self.folder.model

    def broadcast(self, value: Any) -> Any:
        """The value that the first process gives, in every process."""
        return broadcast_object_list([value])[0]

    def enter(self, number: int) -> bool:
        """Begin a stage, or resume it; False where it is over."""
        state = self.state
        if number < state.stage or (number == state.stage and state.finished):
            return False
        self.resumed = number == state.stage
        if not self.resumed:
            state.stage, state.name = number, self.stages[number].name
            state.epoch, state.batch, state.finished, state.start = 0, 0, False, state.kept
        return True

    def leave(self) -> None:
        """End the stage under way; what only it needed is gone."""
        self.state.finished = True
        self.save_state()
        self.model, self.parts = None, {}
        self._share_state()

    def restore(self, parts: Mapping[str, Any], *, continues: bool = False) -> None:
        """Bring parts to where a resumed stage was, and save them with the state from here on.

        Args:
            parts: name -> what has a `state_dict()`.
            continues: bring them to where the stage before has left them, if this one is not resumed.

        Raises:
            ModelError: the state belongs to other parts, or is damaged.
        """
        self.parts = parts
        if self.resumed or continues:
            restore(self.folder, self.stages, parts)

    def save_state(self) -> None:
        """Write what it takes to go on from here, and show the model, `best.json` and curves as of now."""
        if self.is_first:
            if self.log is not None:
                self.state.lines = self.log.sync()
            save_state(self.folder, self.state, self.parts)
            publish(self.folder, self.state, self.stages)

    def load_model(self) -> tuple[JointModel, JointProcessor]:
        """The model that the stages before have left, or where the recipe starts; in evaluation mode.

        However often a stage is resumed, it is the same.
        """
        if self.start_folder is None:
            torch.manual_seed(self.recipe.seed)
            model, processor = start_model(self.recipe.model, None, self.data.captions)
        else:
            with reading_model(self.start_folder):
                model = load_whole(JointModel, self.start_folder)
                processor = JointProcessor.from_pretrained(self.start_folder, **LOCAL)
        return model.to(self.accelerator.device).eval(), processor

    def keep_model(self, model: JointModel, processor: JointProcessor) -> None:
        """Make a model what the run has trained once the state is saved; the first process writes it."""
        if self.is_first:
            self.store_model(model, processor)
            self.state.unmeasured = True
        self._share_state()

    def store_model(self, model: JointModel, processor: JointProcessor) -> None:
        """As `keep_model`, in the first process, of a model that is measured.

        Raises:
            InputError: it gives vectors that are not finite, as weights that have grown too large do.
        """
        self.require_finite(model, processor)
        self.state.kept += 1
        save_model(model, processor, self.folder.kept(self.state.kept))

    def require_finite(self, model: JointModel, processor: JointProcessor) -> None:
        """Raise `InputError` where vectors of a model are not finite; it is put into evaluation mode."""
        encoder, vectors = self.encoder(model, processor), []
        if model.config.reads_text:
            vectors.append(encoder.encode_texts(self.data.captions[:1]))
        vectors.append(encoder.encode_images([open_image(self.data.crops[0].image)]))
        if not all(np.isfinite(rows).all() for rows in vectors):
            raise InputError(self.describe_stop("the vectors of the model are not finite"))

    def describe_stop(self, what: str) -> str:
        """Where the run is, what is wrong there with what it has learned, and what to do."""
        state, groups = self.state, getattr(self.parts.get("optimizer"), "param_groups", [])
        losses = ", ".join(f"{name} {value:g}" for name, value in self.losses.items())
        rates = ", ".join(f"{name} {rate:g}" for name, rate in {g["rate"]: g["lr"] for g in groups}.items())
        return (
            f"At step {state.steps}, in stages[{state.stage}], '{state.name}', {what} (losses: {losses};"
            f" learning rates: {rates}). Nothing of it is saved: lower the rates of that stage and choose"
            f" another --out, or delete '{self.folder.recipe}' to go on with lower ones from what was saved"
            " before."
        )

    def encoder(self, model: JointModel, processor: JointProcessor) -> Encoder:
        """A model as it is now, put into evaluation mode."""
        epoch = f"epoch {self.state.epoch}"
        info = EncoderInfo("training", epoch, model.config.projection_dim)
        return Encoder(TransformersAdapter(model.eval(), processor, self.device), info)

    def _share_state(self) -> None:
        """Wait for all processes, and let them know what the first one does of how far the run is."""
        self.accelerator.wait_for_everyone()
        vars(self.state).update(self.broadcast(vars(self.state)))
