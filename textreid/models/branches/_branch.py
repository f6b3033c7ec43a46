"""What every branch is, and what those that read texts by learned queries have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor, nn

from textreid.errors import InputError
from textreid.models.branches._attention import TextParts

MOST_PARTS, LONGEST_PART = 64, 16_384
"""What a branch may be asked for: vectors, and numbers in each."""


class Branch(nn.Module):
    """Makes P part vectors of D' numbers of the tokens of an image, and of those of a text.

    Part p of a text is compared with part p of an image.

    Attributes:
        weighs: whether `image_weights` and `text_weights` say what each part is made of.

    Args:
        config: its options; `weight` in the search vector and `dim`, which is D', among them.
        parts: P.
    """

    weighs: ClassVar[bool] = True

    def __init__(self, config: Any, parts: int) -> None:
        super().__init__()
        self.config, self.parts, self.dim = config, parts, config.dim

    @property
    def describes(self) -> bool:
        """Whether it makes anything of texts."""
        raise NotImplementedError

    def image(self, tokens: Tensor, grid: tuple[int, int], saliency: Tensor | None = None) -> Tensor:
        """[N, P, D'] of images.

        Args:
            tokens: [N, h·w, C], row by row.
            grid: (h, w).
            saliency: [N, h·w] float32, how much the tower's own pooling looks at each, where it has one.
        """
        raise NotImplementedError

    def text(self, tokens: Tensor, mask: Tensor, saliency: Tensor | None = None) -> Tensor:
        """[N, P, D'] of texts; only where `describes` is True.

        Args:
            tokens: [N, L, C].
            mask: [N, L], where a token is real.
            saliency: [N, L] float32, as above.
        """
        raise NotImplementedError

    def image_weights(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """[N, P, h·w] float32, how much each part reads each location; sums to 1."""
        raise NotImplementedError

    def text_weights(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """[N, P, L] float32, how much each part reads each token; sums to 1 over the real ones."""
        raise NotImplementedError


class QueryBranch(Branch):
    """A branch that finds what a text says of each part by learned queries, if it reads texts at all.

    Args:
        config: as above; and `text`, "attention" or "none".
        parts: P.
        text_width: length of a text token; None for a model without texts.

    Raises:
        InputError: a model that reads text would search by parts that its texts do not have.
    """

    def __init__(self, config: Any, parts: int, text_width: int | None) -> None:
        super().__init__(config, parts)
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

    def text(self, tokens: Tensor, mask: Tensor, saliency: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """See `Branch.text`; part p is what the text says of part p."""
        assert self.sentence is not None
        parts: Tensor = self.sentence(tokens, mask)
        return parts

    def text_weights(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """See `Branch.text_weights`."""
        assert self.sentence is not None
        return self.sentence.weights(tokens, mask)
