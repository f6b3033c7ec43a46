"""The joint image–language model: pedestrian crops and texts in one space."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.models.clip.modeling_clip import CLIPOutput

from textreid.errors import ModelError
from textreid.models import aligners, backbones, branches, matchers, text_tower
from textreid.models.aligners import ALIGNED
from textreid.models.config import JointConfig
from textreid.models.neck import NECK, Neck
from textreid.models.search_vector import join
from textreid.types import GLOBAL, Features


class JointModel(PreTrainedModel):
    """Two towers, each pooled and projected to D numbers, with branches beside the pooled vector.

    The image tower is one of `textreid.models.backbones`, the text tower any encoder of transformers. A model
    of images alone has no text tower, and no projection where its pooled vectors have D numbers already. A
    branch makes further vectors of the same tokens, such as one a horizontal stripe; the search vector holds
    them all, so that one dot product compares everything. It follows the conventions of transformers: its
    folder loads with `AutoModel`, and as a `SentenceTransformer`, once `textreid.models` is imported.
    """

    config_class = JointConfig
    base_model_prefix = "textreid"
    main_input_name = "pixel_values"
    config: JointConfig
    image_tower: Any
    image_projection: Any
    text_tower: Any
    text_projection: Any
    image_neck: Any
    text_neck: Any
    branches: Any
    matcher: Any
    image_matcher: Any
    aligner: Any
    hubs: Tensor | None

    def __init__(self, config: JointConfig) -> None:
        super().__init__(config)
        dim = config.projection_dim
        text_config: Any = config.text_config
        self.backbone = backbones.create(config.image_backbone, config.image_options)
        self.image_tower = self.backbone.build(config.image_size)
        self.image_width, pooled_width = self.backbone.widths(self.image_tower)
        self.image_projection = nn.Identity()
        if config.reads_text or dim != pooled_width:
            self.image_projection = nn.Linear(pooled_width, dim, bias=False)
        self.text_width = text_config.hidden_size if config.reads_text else None
        self.text_tower = self.text_projection = None
        if config.reads_text:
            self.text_tower = text_tower.build(text_config)
            self.text_projection = nn.Linear(text_tower.pooled_width(text_config), dim, bias=False)
        self.image_neck = Neck(dim) if config.neck_weight else None
        self.text_neck = Neck(dim) if config.neck_weight and config.reads_text else None
        widths: dict[str, Any] = {"image_width": self.image_width, "text_width": self.text_width}
        self.branches = nn.ModuleDict(
            {name: branches.create(name, options, **widths) for name, options in config.branches.items()}
        )
        self.matcher = None
        if config.matcher is not None and self.text_width:
            self.matcher = matchers.create(
                config.matcher, image_width=self.image_width, other_width=self.text_width
            )
        self.aligner = None
        if config.aligner is not None:
            self.aligner = aligners.create(config.aligner, image_width=self.image_width)
        self.image_matcher = None
        if config.image_matcher is not None:
            self.image_matcher = matchers.create_for_images(
                config.image_matcher, image_width=self.image_width
            )
        hubs = torch.zeros(self.vector_width) if config.counters_hubs else None
        self.register_buffer("hubs", hubs)
        self.post_init()

    def set_hubs(self, hubs: Tensor | None) -> None:
        """Choose what is taken off the vectors of texts.

        Args:
            hubs: [D′] float32; None for nothing.
        """
        self.hubs = None if hubs is None else hubs.to(self.device)
        self.config.counters_hubs = hubs is not None

    def _init_weights(self, module: nn.Module) -> None:
        """Draw the projections only: the other parts draw their own, and transformers would do so anew."""
        if isinstance(module, nn.Linear) and module in (self.image_projection, self.text_projection):
            nn.init.normal_(module.weight, std=module.in_features**-0.5)
        reset: Any = getattr(module, "init_non_persistent_buffers", None)
        if reset is not None:  # timm's: no file holds them
            reset()

    @property
    def weights(self) -> dict[str, float]:
        """View name -> its weight in the search vector."""
        own = {name: branch.config.weight for name, branch in self.branches.items()}
        aligned = self.aligner.config.weight if self.aligner is not None else 0.0
        whole = {GLOBAL: self.config.global_weight, NECK: self.config.neck_weight, ALIGNED: aligned}
        return whole | own

    @property
    def vector_width(self) -> int:
        """D′, the length of a search vector."""
        dim = self.config.projection_dim
        widths = {GLOBAL: dim, NECK: dim, ALIGNED: dim} | {
            name: branch.parts * branch.dim for name, branch in self.branches.items()
        }
        return sum(widths[name] for name, weight in self.weights.items() if weight)

    def encode_image(self, pixel_values: Tensor) -> Features:
        """Crops in the joint space.

        Args:
            pixel_values: [N, 3, H, W] float32, normalised by the processor.

        Returns:
            pooled [N, D], one view a branch, the neck's and the aligned one, tokens [N, h·w, C].
        """
        grid = self.backbone.read(self.image_tower, pixel_values)
        views = {
            name: branch.image(grid.tokens, grid.size, grid.saliency)
            for name, branch in self.branches.items()
        }
        pooled = self.image_projection(grid.pooled)
        if self.image_neck is not None:
            views[NECK] = self.image_neck(pooled)
        if self.aligner is not None:
            again = self.aligner.recrop(pixel_values, grid.tokens, grid.size)
            read = self.backbone.read(self.image_tower, again.to(pixel_values.dtype))
            views[ALIGNED] = self.image_projection(read.pooled)[:, None]
        return Features(pooled, views, grid.tokens, None, grid.size, grid.saliency)

    def encode_text(self, input_ids: Tensor, attention_mask: Tensor) -> Features:
        """Texts in the joint space.

        Args:
            input_ids: [N, L] int64.
            attention_mask: [N, L] int64, 1 where a token is real.

        Returns:
            pooled [N, D], one view a branch that reads text and the neck's, tokens [N, L, C].

        Raises:
            ModelError: the model reads no text.
        """
        if self.text_tower is None or self.text_projection is None:
            raise ModelError("This model was trained on images alone: search with a photo instead (--image).")
        read = text_tower.read(self.text_tower, input_ids, attention_mask)
        mask = attention_mask.bool()
        views = {
            name: branch.text(read.tokens, mask, read.saliency)
            for name, branch in self.branches.items()
            if branch.describes
        }
        pooled = self.text_projection(read.pooled.to(self.dtype))
        if self.text_neck is not None:
            views[NECK] = self.text_neck(pooled)
        if self.aligner is not None:
            views[ALIGNED] = pooled[:, None]
        return Features(pooled, views, read.tokens, mask, saliency=read.saliency)

    def score_pairs(self, image: Features, text: Features, image_rows: Tensor, text_rows: Tensor) -> Tensor:
        """[P] float32 logits that text `text_rows[p]` describes image `image_rows[p]`.

        Args:
            image: of N images.
            text: of M texts.
            image_rows: [P] int64, rows of the images.
            text_rows: [P] int64, rows of the texts.

        Raises:
            ModelError: the model has no matcher.
        """
        if self.matcher is None:
            raise ModelError("This model has no matcher: train one with a [model.matcher] table.")
        grid: Any = image.tokens
        words: Any = text.tokens
        mask: Any = text.mask
        images = self.matcher.read_images(grid[image_rows])[:, None]
        logits: Tensor = self.matcher.score_pairs(images, words[text_rows], mask[text_rows])
        return logits[:, 0]

    def read_for_matching(self, image: Features) -> Tensor:
        """[N, W, h, w], what the image matcher reads of N encoded images.

        Raises:
            ModelError: the model has no image matcher.
        """
        if self.image_matcher is None:
            raise ModelError(
                "This model has no matcher of two images: train one with a [model.image_matcher] table."
            )
        grid: Any = image.tokens
        read: Tensor = self.image_matcher.read(grid.transpose(1, 2).unflatten(2, image.grid))
        return read

    def score_image_pairs(self, image: Features, left_rows: Tensor, right_rows: Tensor) -> Tensor:
        """[P] float32 logits that images `left_rows[p]` and `right_rows[p]` show one person.

        Args:
            image: of N images.
            left_rows: [P] int64, rows of the images.
            right_rows: likewise.

        Raises:
            ModelError: the model has no image matcher.
        """
        read = self.read_for_matching(image)
        logits: Tensor = self.image_matcher.score_pairs(read[left_rows], read[right_rows])
        return logits

    def get_image_features(self, pixel_values: Tensor) -> BaseModelOutputWithPooling:
        """Crops as search vectors: `pooler_output` [N, D′], of unit norm with branches or a neck.

        `last_hidden_state` [N, h·w, C] is the grid. For the arguments see `encode_image`.
        """
        return self._output(self.encode_image(pixel_values))

    def get_text_features(self, input_ids: Tensor, attention_mask: Tensor) -> BaseModelOutputWithPooling:
        """Texts as search vectors: `pooler_output` [N, D′], of unit norm with branches or a neck.

        `last_hidden_state` [N, L, C] are the tokens. For the arguments see `encode_text`. Where the model
        counters hubs, `hubs` is taken off the unit vectors, which then have about unit norm.
        """
        output = self._output(self.encode_text(input_ids, attention_mask))
        if self.hubs is not None:
            output.pooler_output = nn.functional.normalize(output.pooler_output, dim=1) - self.hubs
        return output

    def vector(self, features: Features) -> Tensor:
        """[N, D′] search vectors of encoded crops or texts, of unit norm with branches or a neck."""
        return join(features, self.weights) if features.views else features.pooled

    def _output(self, features: Features) -> BaseModelOutputWithPooling:
        return BaseModelOutputWithPooling(
            last_hidden_state=features.tokens, pooler_output=self.vector(features)
        )

    def forward(self, pixel_values: Tensor, input_ids: Tensor, attention_mask: Tensor) -> CLIPOutput:
        """Both modalities and their cosines, as CLIP returns them (see the two methods above for shapes)."""
        image = nn.functional.normalize(self.get_image_features(pixel_values).pooler_output, dim=1)
        text = nn.functional.normalize(self.get_text_features(input_ids, attention_mask).pooler_output, dim=1)
        cosine = text @ image.T  # [texts, images]
        return CLIPOutput(
            text_embeds=text, image_embeds=image, logits_per_text=cosine, logits_per_image=cosine.T
        )
