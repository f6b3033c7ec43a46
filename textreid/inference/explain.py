"""What the parts of a joint model look at: places of an image, words of a text, and how they agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from textreid.catalog import find_model
from textreid.errors import ModelError, UnknownNameError
from textreid.inference.adapters import TransformersAdapter, load_adapter
from textreid.models.joint import JointModel
from textreid.models.reading import reading_model


@dataclass(frozen=True)
class PartMatch:
    """How one image and one text meet in a branch of P parts.

    Attributes:
        places: [P, h, w] float32, how much each part reads each place of the image's grid; sums to 1.
        tokens: the L word pieces of the text, its beginning and end among them.
        words: [P, L] float32, how much each part reads each of them; sums to 1.
        scores: [P] float32, the cosine of each part of the image with the same part of the text.
    """

    places: np.ndarray
    tokens: tuple[str, ...]
    words: np.ndarray
    scores: np.ndarray


@torch.inference_mode()
def match_parts(model: str, image: Image.Image, sentence: str, branch: str = "stripes") -> PartMatch:
    """Explain a pair by the parts of one branch.

    Args:
        model: name or folder of a joint model with branches.
        image: an upright RGB image of one person.
        sentence: a description.
        branch: which of its branches: one whose parts read places and words by weights.

    Raises:
        UnknownNameError: there is no such model, or it has no such branch that reads text.
        ModelError: the model is of another kind, and has no branches.
    """
    name, folder = find_model(model)
    with reading_model(folder):
        adapter = load_adapter(folder, "cpu")
    if not (isinstance(adapter, TransformersAdapter) and isinstance(adapter.model, JointModel)):
        raise ModelError(f"'{name}' has no parts: train a joint model with a [model.branches.stripes] table.")
    joint, processor = adapter.model, adapter.processor
    readable = {key: part for key, part in joint.branches.items() if part.describes and part.weighs}
    if branch not in readable:
        raise UnknownNameError(f"branch of '{name}' that weighs places and words", branch, readable)
    part: Any = readable[branch]
    read = processor.tokenizer([sentence], truncation=True, return_tensors="pt")
    seen = joint.encode_image(processor(images=[image], return_tensors="pt")["pixel_values"])
    said = joint.encode_text(read["input_ids"], read["attention_mask"])
    places = part.image_weights(seen.tokens, seen.grid)
    scores = torch.cosine_similarity(seen.view(branch).parts[0], said.view(branch).parts[0], dim=1)
    return PartMatch(
        places=places[0].unflatten(1, seen.grid).numpy(),
        tokens=tuple(processor.tokenizer.convert_ids_to_tokens(read["input_ids"][0])),
        words=part.text_weights(said.tokens, said.mask)[0].numpy(),
        scores=scores.numpy(),
    )
