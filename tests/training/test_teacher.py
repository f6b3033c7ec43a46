"""A teacher's vectors of the training data: computed once, found by row, learned from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.helpers.batches import batch_of
from tests.helpers.finished_run import FinishedRun
from tests.helpers.recorder import Interrupt, Recorder, after
from tests.helpers.small_models import phase, small_recipe
from textreid.data.training_set import read_training_set
from textreid.errors import InputError
from textreid.inference.encoder import Encoder
from textreid.io.images import open_image
from textreid.recipe import Recipe
from textreid.training.from_recipe import train
from textreid.training.teacher import Teacher


def student_of(finished: FinishedRun) -> Recipe:
    """A student that learns from its teacher alone, four epochs."""
    return replace(
        finished.recipe,
        model=small_recipe(),
        teacher=str(finished.out / "model"),
        loss={"distillation": {"temperature": 1.0}},
        stages=(phase(epochs=4),),
        val=(),
    )


def test_rows_are_found_by_the_ids_of_a_batch() -> None:
    teacher = Teacher(torch.arange(5.0)[:, None], 10 + torch.arange(7.0)[:, None])
    batch = replace(
        batch_of([0, 0, 1], described=[2, 0]),
        image_ids=torch.tensor([4, 0, 2]),
        text_ids=torch.tensor([6, 1]),
    )
    seen = teacher.look_at(batch)
    assert seen.image.pooled.flatten().tolist() == [4, 0, 2]
    assert seen.text.pooled.flatten().tolist() == [16, 11]
    assert replace(teacher, texts=None).look_at(batch).text is None


def test_a_student_learns_from_what_is_computed_once(
    finished: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, out = student_of(finished), finished.share_data(tmp_path / "run")
    monkeypatch.setattr("textreid.training.loop.STATE_SECONDS", -1)
    before = Recorder()
    with pytest.raises(KeyboardInterrupt):
        train(recipe, out, reporter=Interrupt(after(3)))
    (images,), (texts,) = out.rglob("teacher/images.npy"), out.rglob("teacher/texts.npy")
    data, teacher = read_training_set(recipe.data, out), Encoder.load(recipe.teacher, device="cpu")
    for file, expected in (
        (images, teacher.encode_images([open_image(crop.image) for crop in data.crops])),
        (texts, teacher.encode_texts(data.captions)),
    ):
        np.testing.assert_allclose(np.load(file), expected, atol=1e-5)
    train(recipe, out, reporter=before)
    assert not any(report.title.startswith("teacher") for report in before.steps)
    losses = [report.terms["distillation"] for report in before.steps]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_a_teacher_and_its_loss_belong_together(finished: FinishedRun, tmp_path: Path) -> None:
    recipe = student_of(finished)
    with pytest.raises(InputError, match='teacher = "pocket"'):
        train(replace(recipe, teacher=""), tmp_path)
    with pytest.raises(InputError, match=r"Nothing learns from the teacher: .*\[loss\.distillation\]"):
        train(replace(recipe, loss={"sdm": {}}), tmp_path)
