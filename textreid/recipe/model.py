"""Where a model starts, and which parts it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from textreid.config import require_at_least, require_between, require_fraction, require_proper_fraction
from textreid.errors import InputError

LARGEST_TOWER = 200_000_000
"""Weights of a text tower that starts at random: nearly twice a BERT's."""

LARGEST_OPTION = 4_096


@dataclass(frozen=True)
class ModelRecipe:
    """Where the model starts.

    Attributes:
        init: "pretrained" (EfficientNet-Lite0 and MiniLM from the packages of the `train` extra), "scratch",
            or the name, folder or hub id of a joint model, a CLIP or a SigLIP, whose sizes then hold whatever
            stands below.
        image_init: where the image tower comes from, if not from `init`: as there, or a timm checkpoint such
            as "timm/resnet50.tv_in1k", or a safetensors file of weights for `image_backbone`.
        text_init: where the text tower comes from, if not from `init`: as there, or any encoder of
            transformers or sentence-transformers, such as "bert-base-uncased".
        image_backbone: name of an image tower, for "scratch" and files of weights.
        image_options: options of the image tower (see `textreid.models.backbones`).
        text_layers_to_keep: numbers, from 0, of the layers of a joint model's text tower that the new model
            has; empty: all of them.
        text_length: tokens that a text may have; 0: as many as the tower was trained with. More stretches
            its position table.
        projection_dim: D, size of the joint space.
        text_layers: layers of the text tower.
        text_width: width of the text tower, for "scratch"; a multiple of 32.
        vocabulary: number of word pieces.
        frozen: modules that stay as they are, such as "text_tower.embeddings" or "image_tower.blocks.0"; the
            earliest are the largest part of the work and change least.
        text_dropout: fraction of the text tower's activations dropped in training; 0 is the fastest on a CPU.
        reads_text: False for a model of images alone.
        branches: name -> options of each branch beside the global vector (see `textreid.models.branches`).
        matcher: options of the matcher that reads an image and a text together; None without one, even if
            the model of `init` has one.
        image_matcher: options of the matcher that reads two images together, `name` among them; None without
            one, even if the model of `init` has one.
        aligner: options of what crops images anew, `name` among them (see `textreid.models.aligners`); losses
            see what comes of it as the view "aligned".
        global_weight: of the global vector in the search vector, beside the branches' own weights.
        neck_weight: of the same vector behind a batch-normalised neck, which losses see as the view
            "neck"; 0 for a model without one.
        interpolate: fraction of the STARTING weights in the model that is measured and saved, 0 to 1: 0 saves
            the trained weights, 1 the starting ones, and between them each weight lies on the line from the
            one to the other. Learns something new and forgets less (WiSE-FT; its α is 1 - this one: Wortsman
            et al., "Robust Fine-Tuning of Zero-Shot Models", CVPR 2022).
    """

    init: str = "pretrained"
    image_init: str = ""
    text_init: str = ""
    image_backbone: str = "tf_efficientnet_lite0"
    image_options: dict[str, Any] = field(default_factory=dict)
    text_layers_to_keep: tuple[int, ...] = ()
    text_length: int = 0
    projection_dim: int = 384
    text_layers: int = 6
    text_width: int = 128
    vocabulary: int = 10_000
    frozen: tuple[str, ...] = ()
    text_dropout: float = 0.0
    reads_text: bool = True
    branches: dict[str, dict[str, Any]] = field(default_factory=dict)
    matcher: dict[str, Any] | None = None
    image_matcher: dict[str, Any] | None = None
    aligner: dict[str, Any] | None = None
    global_weight: float = 1.0
    neck_weight: float = 0.0
    interpolate: float = 0.0

    def __post_init__(self) -> None:
        require_fraction(self, "interpolate")
        require_proper_fraction(self, "text_dropout")
        require_at_least(self, 0, "global_weight", "neck_weight")
        require_between(self, 1, 65_536, "projection_dim", "text_width")
        require_between(self, 1, 1_000, "text_layers")
        require_between(self, 0, 1_000, "text_layers_to_keep")
        require_between(self, 0, 100_000, "text_length")
        require_between(self, 5, 1_000_000, "vocabulary")
        for name, value in self.image_options.items():
            if type(value) is int and abs(value) > LARGEST_OPTION:
                raise InputError(f"image_options.{name} is {value}; it must be at most {LARGEST_OPTION}.")
        new = 12 * self.text_layers * self.text_width**2 + self.vocabulary * self.text_width
        if new > LARGEST_TOWER:
            raise InputError(
                f"text_layers is {self.text_layers}, text_width {self.text_width} and vocabulary"
                f" {self.vocabulary}: a new text tower of {new:,} weights; it may have {LARGEST_TOWER:,}."
            )
        if self.text_width < 32 or self.text_width % 32:
            raise InputError(f"text_width is {self.text_width}; it must be a multiple of 32.")
