"""Hubs: pictures that lie near every sentence, so that everybody's search finds them.

Of many points in a space of many dimensions a few lie near most others (Radovanović et al., "Hubs in Space",
JMLR 2010). Cross-domain similarity local scaling takes off a cosine how near the picture is to the sentences
nearest to it (Conneau et al., "Word Translation Without Parallel Data", ICLR 2018); Bogolin et al., "Cross
Modal Retrieval with Querybank Normalisation", CVPR 2022, do so with training sentences. Both must know those
sentences at every search. Here a linear function h · v of the picture's vector v tells how near it is to
them, so that it can be taken off the sentence's vector t instead, (t - h) · v = t · v - h · v: a gallery,
however it is indexed, needs to know nothing of it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from textreid.data.training_set import TrainingSet
from textreid.evaluate.encoding import encode_images, encode_texts
from textreid.inference.encoder import Encoder
from textreid.models.folder import load_whole, save_model
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.training.mining.hard_identities import one_each

PEOPLE = 10_000
"""As many are looked at, at most."""
RIDGE = 0.1
"""Added to the covariance of the pictures' vectors, as a share of its mean eigenvalue."""
ROWS = 1024


def counter_hubs(folder: Path, data: TrainingSet, *, nearest: int, device: str, seed: int) -> bool:
    """Turn the sentences of a trained model away from what makes pictures hubs.

    Args:
        folder: of a model that was built to counter hubs; replaced.
        data: its training data; a picture of each person, with a sentence of it, are looked at, or any
            sentences if none of these pictures has one.
        nearest: how many sentences near a picture tell how much of a hub it is.
        device: a torch device.
        seed: of the choice of pictures and sentences.

    Returns:
        Whether there was anything to do: a model is turned once.

    Raises:
        InputError: a picture cannot be read.
    """
    model: JointModel = load_whole(JointModel, folder)
    if model.hubs is None or model.hubs.any():
        return False
    rng = np.random.default_rng(seed)
    rows = rng.permutation(one_each(data.labels, seed))[:PEOPLE]
    crops = [data.crops[row] for row in rows]
    captions = [str(rng.choice(crop.captions)) for crop in crops if crop.captions] or data.captions[:PEOPLE]
    encoder = Encoder.load(folder, device=device)
    pictures = torch.from_numpy(encode_images(encoder, crops, "Hubs", lambda *_: None))
    sentences = torch.from_numpy(encode_texts(encoder, captions, lambda *_: None))
    with torch.no_grad():
        model.hubs.copy_(direction(pictures, nearness(pictures, sentences, nearest)))
    save_model(model, JointProcessor.from_pretrained(folder), folder)
    return True


def nearness(pictures: Tensor, sentences: Tensor, nearest: int) -> Tensor:
    """[N] float32, the mean cosine of each picture with the sentences nearest to it.

    Args:
        pictures: [N, D] float32, unit norm.
        sentences: [T, D] float32, unit norm.
        nearest: how many; all of them where there are fewer.
    """
    count = min(nearest, len(sentences))
    return torch.cat([(rows @ sentences.T).topk(count).values.mean(dim=1) for rows in pictures.split(ROWS)])


def direction(pictures: Tensor, nearness: Tensor) -> Tensor:
    """[D] float32, h of the linear function h · v + c that comes nearest to `nearness` (ridge regression).

    Args:
        pictures: [N, D] float32.
        nearness: [N] float32.
    """
    centred = (pictures - pictures.mean(dim=0)).double()
    covariance = centred.T @ centred / len(centred)
    ridge = RIDGE * covariance.diagonal().mean().clamp(min=1e-12)
    aim = centred.T @ (nearness - nearness.mean()).double() / len(centred)
    found: Tensor = torch.linalg.solve(covariance + ridge * torch.eye(len(aim), dtype=torch.float64), aim)
    return found.float()
