"""The values that flow between the parts of textreid: frozen, checked at birth, never edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from textreid.errors import UnknownNameError

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image
    from torch import Tensor

    from textreid_index import EncoderInfo

JUNK, DISTRACTOR = -1, 0
"""Marks in the place of an identity: a box that is no good, and somebody whom no query asks for."""

GENERATED = -2
"""Stands in the place of a training class: an image that a network drew, which shows nobody."""

UNKNOWN_CAMERA = -1
"""Stands for a camera that is not known, where cameras are an array."""

GLOBAL, PARTS = "global", "parts"
"""The name of the view that every model has, and under which a view keeps its own vectors."""

ShowProgress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and of how many."""

QueryKind = Literal["text", "photo"]
"""What somebody searches with: a description, or a photo of the person."""

QUERY_KINDS: tuple[QueryKind, ...] = get_args(QueryKind)


@dataclass(frozen=True)
class PersonCrop:
    """One image of one person as a data set describes it: raw facts, no tensors.

    Attributes:
        id: unique within the data set (its path relative to the root).
        image: file that holds the crop.
        person_id: the data set's own identity number; `JUNK` marks a crop that is left out, None an unknown
            person.
        camera_id: the data set's own camera number; None where it has none.
        captions: texts that describe this image, possibly none.
        caption_source: who wrote them, such as "original" or "paraphrase", where the data set says so.
        attributes: attribute name -> value, identity or image level, possibly empty.
        split: "train", "val", "test", "query" or "gallery".
        time: frame time in seconds where the data set has one.
    """

    id: str
    image: Path
    person_id: int | None
    camera_id: int | None = None
    captions: tuple[str, ...] = ()
    caption_source: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    split: str = "train"
    time: float | None = None


@dataclass(frozen=True)
class Batch:
    """What one training step sees: B images, and T ≤ B texts that describe some of them.

    Attributes:
        images: [B, 3, H, W] float32, normalised as the image tower expects; uint8 on the way to the device.
        labels: [B] int64, contiguous training class of each image; -1 where nobody knows who it is,
            `GENERATED` where a network drew it.
        image_ids: [B] int64, position of each image in the training data.
        camera_ids: [B] int64, -1 where unknown.
        domains: [B] int64, number of the data set that each image comes from.
        attributes: [B, A] int64, value of each attribute group, -1 where unknown; A may be 0.
        token_ids: [T, L] int64, padded on the right to the longest text of the batch.
        token_mask: [T, L] int64, 1 where a token is real.
        text_rows: [T] int64, the row of the image that each text describes.
        trust: [T] float32 in [0, 1], how far each pair is believed.
        masked_ids: [T, L] int64, the texts with tokens hidden, for masked language modelling.
        masked_targets: [T, L] int64, the hidden tokens; -100 elsewhere.
        text_ids: [T] int64, position of each text among all captions of the training data.
        epoch: epochs finished before this one.
    """

    images: Tensor
    labels: Tensor
    image_ids: Tensor
    camera_ids: Tensor
    domains: Tensor
    attributes: Tensor
    token_ids: Tensor
    token_mask: Tensor
    text_rows: Tensor
    trust: Tensor
    masked_ids: Tensor | None = None
    masked_targets: Tensor | None = None
    text_ids: Tensor | None = None
    epoch: int = 0

    @property
    def text_labels(self) -> Tensor:
        """[T] int64, the training class of whom each text describes."""
        return self.labels[self.text_rows]

    def to(self, device: str) -> Batch:
        """The same batch on another device."""
        moved = {
            name: value.to(device, non_blocking=True)
            for name, value in vars(self).items()
            if hasattr(value, "to")
        }
        return replace(self, **moved)

    def pin_memory(self) -> Batch:
        """The same batch in memory that a GPU reads while the processor goes on; `DataLoader` calls this."""
        pinned = {name: value.pin_memory() for name, value in vars(self).items() if hasattr(value, "to")}
        return replace(self, **pinned)


@dataclass(frozen=True)
class Features:
    """What a tower makes of N images or texts.

    Attributes:
        pooled: [N, D] float32, a point of the joint space each, before L2 normalisation.
        views: name of a branch -> [N, P, D'] float32, its part vectors, before L2 normalisation.
        tokens: [N, L, C], the image's grid row by row, or the states of a text's tokens.
        mask: [N, L] bool, True where a token is real; None for images, where all are.
        grid: (h, w) of an image's tokens.
        saliency: [N, L] float32, how much the tower's own pooling looks at each token, where it has one.
    """

    pooled: Tensor
    views: Mapping[str, Tensor] = field(default_factory=dict)
    tokens: Tensor | None = None
    mask: Tensor | None = None
    grid: tuple[int, int] | None = None
    saliency: Tensor | None = None

    @property
    def parts(self) -> Tensor:
        """[N, P, D'], the vectors that the pooled one consists of: itself alone, or those of a `view`."""
        return self.views.get(PARTS, self.pooled[:, None])

    def view(self, name: str) -> Features:
        """The features with one branch's vectors in the place of the global one.

        Its pooled vector holds the parts side by side, each at unit length, so that a cosine of pooled
        vectors is the mean of the parts' cosines.

        Args:
            name: of a branch, or "global" for the features as they are.

        Raises:
            UnknownNameError: the model has no such branch.
        """
        if name == GLOBAL:
            return self
        if name not in self.views:
            raise UnknownNameError("branch", name, self.views)
        parts = self.views[name]
        pooled = (parts / parts.norm(dim=2, keepdim=True).clamp(min=1e-12)).flatten(1)
        return replace(self, pooled=pooled, views={PARTS: parts})


@dataclass(frozen=True)
class Encoded:
    """Both modalities of a batch.

    Attributes:
        image: of B images.
        text: of T texts; None where the model or the batch has none.
        masked: of the texts with hidden tokens; None where none are hidden.
        score_pairs: (image rows [N], text rows [N]) -> [N] float32 logits that they belong together, read
            from the tokens of both; None where the model has no matcher.
        score_image_pairs: (image rows [N], image rows [N]) -> [N] float32 logits that they show one person;
            None where the model has no image matcher.
        teacher: what the teacher makes of the same images and texts, without a graph; None without one.
    """

    image: Features
    text: Features | None = None
    masked: Features | None = None
    score_pairs: Callable[[Tensor, Tensor], Tensor] | None = None
    score_image_pairs: Callable[[Tensor, Tensor], Tensor] | None = None
    teacher: Encoded | None = None

    def view(self, name: str) -> Encoded:
        """The same with one branch's vectors in the place of the global ones (see `Features.view`).

        Texts of which the branch makes nothing are left out.
        """
        text = self.text if name == GLOBAL or (self.text and name in self.text.views) else None
        return replace(self, image=self.image.view(name), text=text and text.view(name))

    def nothing(self) -> Tensor:
        """[] float32: a zero that has a graph, for a loss without anything to learn from a batch."""
        zero = self.image.pooled.float().sum() * 0
        return zero if self.text is None else zero + self.text.pooled.float().sum() * 0


@dataclass(frozen=True)
class LossReport:
    """The outcome of one step: the weighted total and each named term before its weight.

    Attributes:
        total: [] float32, with a graph.
        terms: name -> [] float32, detached.
    """

    total: Tensor
    terms: Mapping[str, Tensor]


class ImageTextEncoder(Protocol):
    """A model that maps images and texts into one space: what galleries, searches and benchmarks need of it.

    `textreid.Encoder` is one.
    """

    @property
    def info(self) -> EncoderInfo:
        """Name, fingerprint and dimension D."""
        ...

    @property
    def reads_text(self) -> bool:
        """Whether it can `encode_texts`; a model of images alone cannot."""
        ...

    @property
    def calibration(self) -> ScoreCalibration | None:
        """What its scores mean; None where that was not measured."""
        ...

    @property
    def matcher(self) -> PairScorer | None:
        """What scores an image and a text together; None where the model has no such part."""
        ...

    @property
    def image_matcher(self) -> ImagePairScorer | None:
        """What scores two images together; None where the model has no such part."""
        ...

    def encode_images(self, images: Sequence[Image], *, batch_size: int = 64) -> np.ndarray:
        """Upright RGB crops of one person each, any size -> [N, D] float32 of unit norm.

        Args:
            images: N crops.
            batch_size: how many go through the model at once.
        """
        ...

    def encode_texts(self, texts: Sequence[str], *, batch_size: int = 64) -> np.ndarray:
        """Descriptions -> [N, D] float32 of unit norm.

        Args:
            texts: N descriptions.
            batch_size: how many go through the model at once.
        """
        ...


class PairScorer(Protocol):
    """A cross-encoder at work: it scores an image and a text from the tokens of both.

    Tokens are computed once for each image and each text, and may be stored between searches.
    """

    @property
    def weight(self) -> float:
        """The cosine that one unit of a logit is worth where both put hits into order."""
        ...

    def image_tokens(self, images: Sequence[Image], *, batch_size: int = 64) -> list[np.ndarray]:
        """[P, C] float16 of each image, P places of its grid.

        Args:
            images: N upright RGB crops.
            batch_size: how many go through the image tower at once.
        """
        ...

    def text_tokens(self, text: str) -> np.ndarray:
        """[L, C'] float32 of one text, L tokens."""
        ...

    def score_pairs(self, text_tokens: np.ndarray, image_tokens: Sequence[np.ndarray]) -> np.ndarray:
        """[N] float32 logits that the text describes each image.

        Args:
            text_tokens: [L, C'] of one text.
            image_tokens: [P, C] of each of N images.
        """
        ...


class ImagePairScorer(Protocol):
    """A cross-encoder at work: it scores two images from the grids of both.

    What it reads of an image is computed once, and may be stored between searches.
    """

    @property
    def weight(self) -> float:
        """The cosine that one unit of a logit is worth where both put hits into order."""
        ...

    def image_tokens(self, images: Sequence[Image], *, batch_size: int = 64) -> list[np.ndarray]:
        """[W, h, w] float16 of each image.

        Args:
            images: N upright RGB crops.
            batch_size: how many go through the image tower at once.
        """
        ...

    def score_pairs(self, query_tokens: np.ndarray, image_tokens: Sequence[np.ndarray]) -> np.ndarray:
        """[N] float32 logits that the query's image and each image show one person.

        Args:
            query_tokens: [W, h, w] of one image.
            image_tokens: [W, h, w] of each of N images.
        """
        ...


class ScoreCalibration(Protocol):
    """What the scores of one model mean, by kind of query."""

    def scale(self, kind: QueryKind) -> ScoreScale | None:
        """What the scores of one kind of query mean; None where that was not measured."""
        ...


class ScoreScale(Protocol):
    """What a cosine means where N people are searched."""

    def probabilities(self, scores: np.ndarray, people: int) -> np.ndarray:
        """[k] float32, how likely each hit shows the person who is asked for.

        Args:
            scores: [k] cosines.
            people: N, how many were searched.
        """
        ...

    def threshold(self, false_alarms: float, people: int) -> float:
        """The score that a search for somebody who is not there reaches at this rate.

        Args:
            false_alarms: the fraction of such searches that may find somebody.
            people: N, how many are searched.
        """
        ...
