"""Hubs: images that lie near every caption, so that everybody's search finds them.

Of many points in a space of many dimensions a few lie near most others (Radovanović et al., "Hubs in Space",
JMLR 2010). Cross-domain similarity local scaling takes off a cosine how near the image is to the captions
nearest to it (Conneau et al., "Word Translation Without Parallel Data", ICLR 2018); Bogolin et al., "Cross
Modal Retrieval with Querybank Normalisation", CVPR 2022, do so with training captions. Both must know those
captions at every search. Here a linear function h · v of the image's vector v tells how near it is to
them, so that it can be taken off the caption's vector t instead, (t - h) · v = t · v - h · v: a gallery,
however it is indexed, needs to know nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from textreid.config import require_between
from textreid.data.training_set import TrainingSet
from textreid.errors import InputError
from textreid.evaluate.encoding import encode_images, encode_texts
from textreid.inference.encoder import Encoder
from textreid.recipe.recipe import Recipe
from textreid.training.mining.hard_identities import one_each
from textreid.training.run import TrainingRun
from textreid.training.stage import StageConfig
from textreid.types import ImageTextEncoder

IDENTITIES = 10_000
"""As many are looked at, at most."""
RIDGE = 0.1
"""Added to the covariance of the images' vectors, as a fraction of its mean eigenvalue."""
ROWS = 1024


@dataclass(frozen=True)
class Config(StageConfig):
    """Countering hubs.

    Attributes:
        nearest: how many captions near an image tell how much of a hub it is.
    """

    nearest: int = 200

    def __post_init__(self) -> None:
        require_between(self, 1, 1_000_000, "nearest")

    def check(self, recipe: Recipe) -> None:
        """Raise `InputError` where the model reads no text."""
        if not recipe.model.reads_text:
            raise InputError(
                "Captions tell what hubs are, and this model reads none: leave the stage 'hubness' out."
            )


def run(run: TrainingRun, options: Config) -> None:
    """Turn the texts of the trained model away from what makes images hubs; the first process does it."""
    model, processor = run.load_model()
    model.set_hubs(None)  # of a start, a stage before, or a process that was ended at the very end
    run.keep_model(model, processor)
    if run.is_first:
        encoder = Encoder.load(run.kept_folder, device=run.device)
        model.set_hubs(find_hubs(encoder, run.data, nearest=options.nearest, seed=run.recipe.seed))
    run.keep_model(model, processor)


def find_hubs(encoder: ImageTextEncoder, data: TrainingSet, *, nearest: int, seed: int) -> Tensor:
    """[D] float32, what to take off the vectors of texts.

    Args:
        encoder: the trained model.
        data: its training data; an image of each identity is looked at, with a caption of it, or any captions
            if none of these images has one.
        nearest: how many captions near an image tell how much of a hub it is.
        seed: of the choice of images and captions.

    Raises:
        InputError: an image cannot be read.
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(one_each(data.labels, seed))[:IDENTITIES]
    crops = [data.crops[row] for row in rows]
    captions = [str(rng.choice(crop.captions)) for crop in crops if crop.captions]
    captions = captions or data.captions[:IDENTITIES]
    images = torch.from_numpy(encode_images(encoder, crops, "Hubs", lambda *_: None))
    texts = torch.from_numpy(encode_texts(encoder, captions, lambda *_: None))
    return direction(images, nearness(images, texts, nearest))


def nearness(images: Tensor, captions: Tensor, nearest: int) -> Tensor:
    """[N] float32, the mean cosine of each image with the captions nearest to it.

    Args:
        images: [N, D] float32, unit norm.
        captions: [T, D] float32, unit norm.
        nearest: how many; all of them where there are fewer.
    """
    count = min(nearest, len(captions))
    return torch.cat([(rows @ captions.T).topk(count).values.mean(dim=1) for rows in images.split(ROWS)])


def direction(images: Tensor, nearness: Tensor) -> Tensor:
    """[D] float32, h of the linear function h · v + c that comes nearest to `nearness` (ridge regression).

    Args:
        images: [N, D] float32.
        nearness: [N] float32.
    """
    centred = (images - images.mean(dim=0)).double()
    covariance = centred.T @ centred / len(centred)
    ridge = RIDGE * covariance.diagonal().mean().clamp(min=1e-12)
    aim = centred.T @ (nearness - nearness.mean()).double() / len(centred)
    found: Tensor = torch.linalg.solve(covariance + ridge * torch.eye(len(aim), dtype=torch.float64), aim)
    return found.float()
