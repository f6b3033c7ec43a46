"""What the branches of this folder that read texts by learned queries have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from torch import Tensor, nn

from textreid.errors import InputError
from textreid.models.branches._attention import TextParts


class Branch(nn.Module):
    """P parts of D' numbers; what texts say of each is found by `TextParts`, where they are read.

    Args:
        config: with `weight`, `dim` and `text`.
        parts: P.
        text_width: length of a text token; None for a model without texts.

    Raises:
        InputError: a model that reads text would search by parts that its texts do not have.
    """

    def __init__(self, config: Any, parts: int, text_width: int | None) -> None:
        super().__init__()
        self.config, self.parts, self.dim = config, parts, config.dim
        self.sentence: TextParts | None = None  # named as its weights are in the folders of models
        if text_width and config.text == "attention":
            self.sentence = TextParts(parts, text_width, self.dim)
        elif text_width and config.weight:
            raise InputError(
                f"A branch that leaves texts out cannot weigh {config.weight} in the vectors that they "
                'search by; write weight = 0.0, or text = "attention".'
            )

    @property
    def describes(self) -> bool:
        """Whether it makes anything of texts."""
        return self.sentence is not None

    @abstractmethod
    def image(self, tokens: Tensor, grid: tuple[int, int], saliency: Tensor | None = None) -> Tensor:
        """[N, P, D'] of a grid [N, h·w, C] row by row."""

    @abstractmethod
    def image_weights(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """[N, P, h·w], how much each part reads each location; sums to 1."""

    def text(self, tokens: Tensor, mask: Tensor, saliency: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """[N, P, D'], what the texts [N, L, C] say of each part."""
        assert self.sentence is not None
        parts: Tensor = self.sentence(tokens, mask)
        return parts

    def text_weights(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """[N, P, L], how much each part reads each token; sums to 1 over the real ones."""
        assert self.sentence is not None
        return self.sentence.weights(tokens, mask)
