"""What a teacher makes of the training data, computed once: the targets of the loss `distillation`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from textreid.data.training_set import TrainingSet
from textreid.evaluate.encoding import encode_images, encode_texts
from textreid.inference.encoder import Encoder
from textreid.io.whole_folder import whole_folder
from textreid.training.progress import StepReport
from textreid.training.run import TrainingRun
from textreid.types import Batch, Encoded, Features, ImageTextEncoder, ShowProgress

IMAGES, TEXTS = "images.npy", "texts.npy"


@dataclass(frozen=True)
class Teacher:
    """The vectors of a model that another one learns from; crops and captions as they are, not varied.

    Attributes:
        images: [N, D] float32 of unit norm, of every image of the training data.
        texts: [T, D] float32 of unit norm, of every caption; None where the teacher reads no text.
    """

    images: Tensor
    texts: Tensor | None

    @property
    def dim(self) -> int:
        """D."""
        return self.images.shape[1]

    def look_at(self, batch: Batch) -> Encoded:
        """What it makes of the images and captions of a batch, on the batch's device."""
        device = batch.images.device
        image = Features(self.images[batch.image_ids.cpu()].to(device))
        if self.texts is None or batch.text_ids is None:
            return Encoded(image)
        return Encoded(image, Features(self.texts[batch.text_ids.cpu()].to(device)))


def read_teacher(run: TrainingRun) -> Teacher | None:
    """The recipe's teacher; None where it names none. The first process computes what all read.

    Raises:
        UnknownNameError: nothing has the teacher's name.
        ModelError: it is no usable model.
        InputError: images cannot be read.
    """
    if not run.recipe.teacher:
        return None
    folder = run.stage_folder / "teacher"
    with run.accelerator.main_process_first():
        if not folder.is_dir():
            encoder = Encoder.load(run.recipe.teacher, device=run.device)
            with whole_folder(folder) as partial:
                _write(partial, encoder, run.data, _show(run))
        texts = folder / TEXTS
        return Teacher(_read(folder / IMAGES), _read(texts) if texts.is_file() else None)


def _write(folder: Path, encoder: ImageTextEncoder, data: TrainingSet, show: ShowProgress) -> None:
    np.save(folder / IMAGES, encode_images(encoder, data.crops, "Images", show))
    if encoder.reads_text and data.captions:
        np.save(folder / TEXTS, encode_texts(encoder, data.captions, show))


def _read(path: Path) -> Tensor:
    return torch.from_numpy(np.load(path))


def _show(run: TrainingRun) -> ShowProgress:
    return lambda what, done, total: run.reporter.step(StepReport(f"teacher, {what.lower()}", done, total))
