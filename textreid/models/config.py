"""What a joint model is made of, as it stands in its folder's config.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transformers import AutoConfig, PreTrainedConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from textreid.config import build, require_at_least, require_between
from textreid.errors import ModelError


@dataclass(frozen=True)
class _Settings:
    """The types and ranges of what somebody may have written into a config.json by hand."""

    image_backbone: str
    image_size: tuple[int, int]
    image_options: dict[str, Any]
    reads_text: bool
    projection_dim: int
    branches: dict[str, dict[str, Any]]
    matcher: dict[str, Any] | None
    image_matcher: dict[str, Any] | None
    aligner: dict[str, Any] | None
    global_weight: float
    neck_weight: float
    counters_hubs: bool

    def __post_init__(self) -> None:
        require_between(self, 1, 8192, "image_size")
        require_between(self, 1, 65_536, "projection_dim")
        require_at_least(self, 0, "global_weight", "neck_weight")


class JointConfig(PreTrainedConfig):
    """Architecture of a `JointModel`.

    Args:
        image_backbone: a timm model name, such as "tf_efficientnet_lite0".
        image_size: (height, width) in pixels of the crops that the image tower sees.
        text_config: configuration of the text tower, any encoder of transformers; a BERT's by default.
        projection_dim: D, the size of the joint space.
        image_options: more options of the image tower.
        reads_text: False for a model of images alone.
        branches: name -> options of each branch beside the global vector (see `textreid.models.branches`).
        matcher: options of the matcher that reads an image and a text together; None without one.
        global_weight: of the global vector in the search vector, beside the branches' own weights.
        neck_weight: of the same vector behind a batch-normalised neck; 0 for a model without one.
        counters_hubs: texts are turned away from what makes crops hubs (see
            `textreid.training.stages.hubness`).
        image_matcher: options of the matcher that reads two images together; None without one.
        aligner: options of what crops images anew (see `textreid.models.aligners`); None without one.
    """

    model_type = "textreid"
    sub_configs = {"text_config": AutoConfig}  # noqa: RUF012

    def __init__(
        self,
        image_backbone: str = "tf_efficientnet_lite0",
        image_size: tuple[int, int] = (256, 128),
        text_config: PreTrainedConfig | dict[str, Any] | None = None,
        projection_dim: int = 384,
        image_options: Mapping[str, Any] | None = None,
        reads_text: bool = True,
        branches: Mapping[str, Mapping[str, Any]] | None = None,
        matcher: Mapping[str, Any] | None = None,
        global_weight: float = 1.0,
        neck_weight: float = 0.0,
        counters_hubs: bool = False,
        image_matcher: Mapping[str, Any] | None = None,
        aligner: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        settings = {
            "image_backbone": image_backbone,
            "image_size": image_size,
            "image_options": {} if image_options is None else image_options,
            "reads_text": reads_text,
            "projection_dim": projection_dim,
            "branches": {} if branches is None else branches,
            "matcher": matcher,
            "image_matcher": image_matcher,
            "aligner": aligner,
            "global_weight": global_weight,
            "neck_weight": neck_weight,
            "counters_hubs": counters_hubs,
        }
        checked = build(_Settings, settings, where="config.json")
        self.image_backbone = image_backbone
        self.image_size = checked.image_size
        self.image_options = dict(checked.image_options)
        self.text_config = _text_config(text_config)
        self.reads_text = reads_text
        self.projection_dim = projection_dim
        self.branches = {name: dict(options) for name, options in checked.branches.items()}
        self.matcher = None if matcher is None else _with_weight(matcher)
        self.image_matcher = checked.image_matcher
        self.aligner = checked.aligner
        self.global_weight = global_weight
        self.neck_weight = neck_weight
        self.counters_hubs = counters_hubs
        super().__init__(**kwargs)


def _text_config(given: PreTrainedConfig | dict[str, Any] | None) -> PreTrainedConfig:
    if isinstance(given, PreTrainedConfig):
        return given
    if given is not None and not isinstance(given, dict):
        raise ModelError(f"config.json.text_config: expected a table of settings, found {given!r:.80}.")
    settings = {"model_type": "bert"} | (given or {})
    kind = settings["model_type"]
    if kind not in CONFIG_MAPPING:
        raise ModelError(f"config.json.text_config: transformers has no model_type {kind!r:.80}.")
    config: PreTrainedConfig = CONFIG_MAPPING[kind](**settings)
    return config


def _with_weight(matcher: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a matcher; `weight` is called `say` in the folders of models until version 0.1."""
    return {"weight" if name == "say" else name: value for name, value in matcher.items()}
