"""What a joint model is made of, as it stands in its folder's config.json."""

from __future__ import annotations

from typing import Any

from transformers import AutoConfig, PreTrainedConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING


class JointConfig(PreTrainedConfig):
    """Architecture of a `JointModel`.

    Args:
        image_backbone: a timm model name, such as "tf_efficientnet_lite0".
        image_size: (height, width) in pixels of the crops that the image tower sees.
        text_config: configuration of the text tower, any encoder of transformers (BERT by default).
        projection_dim: D, the size of the joint space.
    """

    model_type = "textreid"
    sub_configs = {"text_config": AutoConfig}  # noqa: RUF012

    def __init__(
        self,
        image_backbone: str = "tf_efficientnet_lite0",
        image_size: tuple[int, int] = (256, 128),
        text_config: PreTrainedConfig | dict[str, Any] | None = None,
        projection_dim: int = 384,
        **kwargs: Any,
    ) -> None:
        if not isinstance(text_config, PreTrainedConfig):
            given = {"model_type": "bert"} | (text_config or {})
            text_config = CONFIG_MAPPING[given["model_type"]](**given)
        self.image_backbone = image_backbone
        self.image_size = tuple(image_size)
        self.text_config = text_config
        self.projection_dim = projection_dim
        super().__init__(**kwargs)
