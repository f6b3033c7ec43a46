"""The joint image–language model: pedestrian crops and sentences in one space."""

from __future__ import annotations

from typing import Any

import timm
import torch
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.models.clip.modeling_clip import CLIPOutput

from textreid.models.configuration import JointConfig
from textreid.types import Encoded


class JointModel(PreTrainedModel):
    """Two towers, each pooled by mean and maximum and projected to D numbers.

    The image tower is a convolutional timm backbone, the text tower any encoder of transformers. Both pool
    their grid or tokens by mean (what is typical) and by maximum (what is present anywhere: a bag, a hat),
    concatenated. It follows the conventions of transformers: its folder loads with `AutoModel`, and as a
    `SentenceTransformer`, once `textreid.models` is imported.
    """

    config_class = JointConfig
    base_model_prefix = "textreid"
    main_input_name = "pixel_values"
    config: JointConfig

    def __init__(self, config: JointConfig) -> None:
        super().__init__(config)
        self.image_tower = timm.create_model(config.image_backbone, num_classes=0, global_pool="")
        text_config: Any = config.text_config
        self.text_tower = AutoModel.from_config(text_config, **_without_pooler(text_config))
        self.image_projection = nn.Linear(
            2 * self.image_tower.num_features, config.projection_dim, bias=False
        )
        self.text_projection = nn.Linear(2 * text_config.hidden_size, config.projection_dim, bias=False)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Draw the projections only: timm has drawn the image tower, and transformers would draw it anew."""
        if module is self.image_projection or module is self.text_projection:
            nn.init.normal_(module.weight, std=module.in_features**-0.5)

    def get_image_features(self, pixel_values: Tensor) -> BaseModelOutputWithPooling:
        """Crops in the joint space.

        Args:
            pixel_values: [B, 3, H, W] float32, normalised by the processor.

        Returns:
            `pooler_output` [B, D], before L2 normalisation; `last_hidden_state` [B, h·w, C], the grid.
        """
        grid = self.image_tower(pixel_values.contiguous(memory_format=torch.channels_last))
        locations = grid.flatten(2)  # [B, C, h*w]
        pooled = torch.cat([locations.mean(2), locations.amax(2)], dim=1)  # [B, 2C]
        return BaseModelOutputWithPooling(
            last_hidden_state=locations.transpose(1, 2), pooler_output=self.image_projection(pooled)
        )

    def get_text_features(self, input_ids: Tensor, attention_mask: Tensor) -> BaseModelOutputWithPooling:
        """Sentences in the joint space.

        Args:
            input_ids: [B, L] int64.
            attention_mask: [B, L] int64, 1 where a token is real.

        Returns:
            `pooler_output` [B, D], before L2 normalisation; `last_hidden_state` [B, L, C].
        """
        tokens = self.text_tower(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
        real = attention_mask.unsqueeze(2).to(tokens.dtype)  # [B, L, 1]
        mean = (tokens * real).sum(1) / real.sum(1).clamp(min=1)
        maximum = tokens.masked_fill(real == 0, torch.finfo(tokens.dtype).min).amax(1)
        pooled = torch.cat([mean, maximum], dim=1).to(self.dtype)  # [B, 2C]
        return BaseModelOutputWithPooling(
            last_hidden_state=tokens, pooler_output=self.text_projection(pooled)
        )

    def forward(self, pixel_values: Tensor, input_ids: Tensor, attention_mask: Tensor) -> CLIPOutput:
        """Both modalities and their cosines, as CLIP returns them (see the two methods above for shapes)."""
        image = nn.functional.normalize(self.get_image_features(pixel_values).pooler_output, dim=1)
        text = nn.functional.normalize(self.get_text_features(input_ids, attention_mask).pooler_output, dim=1)
        cosine = text @ image.T  # [texts, images]
        return CLIPOutput(
            text_embeds=text, image_embeds=image, logits_per_text=cosine, logits_per_image=cosine.T
        )

    def encode_pairs(self, images: Tensor, token_ids: Tensor, token_mask: Tensor) -> Encoded:
        """A training batch in the joint space, before L2 normalisation: `Encoded` of two [B, D]."""
        return Encoded(
            image=self.get_image_features(images).pooler_output,
            text=self.get_text_features(token_ids, token_mask).pooler_output,
        )


def _without_pooler(text_config: PreTrainedConfig) -> dict[str, bool]:
    """BERT's pooler is trained for sentence pairs and unused here."""
    return {"add_pooling_layer": False} if text_config.model_type in ("bert", "roberta") else {}
