"""Stripes learn on drawn people who are alike but for their trousers."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from tests.helpers.batches import batch_of
from textreid.losses import Sizes
from textreid.models.pretrained.joint import start_model
from textreid.recipe import ModelRecipe
from textreid.synthetic import Camera, View, draw_crop, sample_pedestrians
from textreid.training.objective import Objective
from textreid.training.step import Step

COLOURS = ("red", "blue", "yellow", "black")
SENTENCES = [f"A young man in a dark red shirt and {colour} trousers." for colour in COLOURS]
HEIGHT, WIDTH, SHOTS = 96, 32, 3
STEPS = 120


@pytest.mark.parametrize("refined", [False, True], ids=["stripes", "refined stripes"])
def test_sentences_find_people_by_the_one_garment_that_differs(refined: bool) -> None:
    torch.manual_seed(0)
    recipe = ModelRecipe(
        init="scratch",
        image_backbone="test_efficientnet",
        image_options={"output_stride": 8},  # a grid of 12 × 4
        projection_dim=16,
        text_layers=1,
        text_width=32,
        vocabulary=150,
        branches={"stripes": {"dim": 16, "refined": refined}},
    )
    model, processor = start_model(recipe, (HEIGHT, WIDTH), SENTENCES)
    tokens = processor.tokenizer(SENTENCES * SHOTS, padding=True, return_tensors="pt")
    pixels = processor(images=drawn(), return_tensors="pt")["pixel_values"]
    labels = torch.arange(4).repeat(SHOTS)
    batch = replace(
        batch_of(labels.tolist()),
        images=pixels,
        token_ids=tokens["input_ids"],
        token_mask=tokens["attention_mask"],
    )
    sizes = {"stripes": Sizes(6 * 16, len(COLOURS), 6, 16)}
    step = Step(model, Objective({"sdm@stripes": {}, "identification@stripes": {}}, sizes)).train()
    optimizer = torch.optim.AdamW(step.parameters(), lr=3e-3)
    for _ in range(STEPS):
        optimizer.zero_grad()
        step(batch).total.backward()
        optimizer.step()

    model.eval()
    texts = model.encode_text(batch.token_ids[:4], batch.token_mask[:4]).view("stripes").pooled

    def found(images: Tensor) -> Tensor:
        """Number of the sentence whose parts are most similar to each image's stripes."""
        pooled = model.encode_image(images).view("stripes").pooled
        return (F.normalize(pooled, dim=1) @ F.normalize(texts, dim=1).T).argmax(dim=1)

    assert torch.equal(found(pixels), labels)
    lower = pixels.unflatten(0, (SHOTS, 4)).roll(1, dims=1).flatten(0, 1)[:, :, HEIGHT // 2 :]
    exchanged = torch.cat([pixels[:, :, : HEIGHT // 2], lower], dim=2)
    assert torch.equal(found(exchanged), labels.roll(1))


def drawn() -> list[Image.Image]:
    """Each person from three sides, one side after the other."""
    person = sample_pedestrians(1, seed=3)[0]
    people = [replace(person, lower="trousers", lower_colour=colour) for colour in COLOURS]
    camera = Camera.place(seed=0, number=1)
    views = [View(yaw=yaw) for yaw in (0.0, 40.0, 180.0)]
    return [draw_crop(each, view, camera, seed=n) for n, view in enumerate(views) for each in people]
