"""What a joint model is made of, as it stands in its folder's config.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import AutoConfig, PreTrainedConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING


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
        **kwargs: Any,
    ) -> None:
        if not isinstance(text_config, PreTrainedConfig):
            given = {"model_type": "bert"} | (text_config or {})
            text_config = CONFIG_MAPPING[given["model_type"]](**given)
        self.image_backbone = image_backbone
        self.image_size = image_size[0], image_size[1]
        self.image_options = dict(image_options or {})
        self.text_config = text_config
        self.reads_text = reads_text
        self.projection_dim = projection_dim
        self.branches = {name: dict(options) for name, options in (branches or {}).items()}
        self.matcher = None if matcher is None else _with_weight(matcher)
        self.global_weight = global_weight
        self.neck_weight = neck_weight
        self.counters_hubs = counters_hubs
        super().__init__(**kwargs)


def _with_weight(matcher: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a matcher; `weight` is called `say` in the folders of models until version 0.1."""
    return {"weight" if name == "say" else name: value for name, value in matcher.items()}
