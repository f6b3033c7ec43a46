"""A joint model with three branches."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from tests.helpers.small_models import CAPTIONS
from textreid.models.joint import JointModel
from textreid.models.pretrained.joint import start_model
from textreid.models.processor import JointProcessor
from textreid.recipe import ModelRecipe

RECIPE = ModelRecipe(
    init="scratch",
    image_backbone="test_efficientnet",
    projection_dim=24,
    text_layers=1,
    text_width=32,
    vocabulary=120,
    global_weight=0.5,
    branches={
        "stripes": {"dim": 8, "count": 3, "refined": True},
        "granularity": {"dim": 4, "weight": 0.25},
        "patches": {"dim": 6, "count": 5},
    },
)


def model_with_branches(recipe: ModelRecipe = RECIPE) -> tuple[JointModel, JointProcessor]:
    torch.manual_seed(0)
    model, processor = start_model(recipe, (96, 32), CAPTIONS)
    return model.eval(), processor


def pictures(n: int) -> list[Image.Image]:
    random = np.random.default_rng(0)
    return [Image.fromarray(random.integers(0, 256, (96, 32, 3), dtype=np.uint8)) for _ in range(n)]
