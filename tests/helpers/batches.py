"""Batches to feed a loss with: random ones, ones with given cosines, and ones that hold everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass, replace

import torch
from torch import Tensor

from textreid.losses import Sizes
from textreid.types import Batch, Encoded, Features


def batch_of(
    labels: Sequence[int],
    *,
    described: Sequence[int] | None = None,
    trust: Sequence[float] | None = None,
    epoch: int = 0,
) -> Batch:
    """A batch with these labels; what losses do not look at is empty.

    Args:
        labels: of the images.
        described: rows that have a caption; all by default.
        trust: in each caption; 1 by default.
        epoch: epochs finished.
    """
    n = len(labels)
    rows = torch.arange(n) if described is None else torch.tensor(described, dtype=torch.int64)
    return Batch(
        images=torch.zeros(n, 3, 1, 1),
        labels=torch.tensor(labels),
        image_ids=torch.arange(n),
        camera_ids=torch.full((n,), -1),
        domains=torch.zeros(n, dtype=torch.int64),
        attributes=torch.empty(n, 0, dtype=torch.int64),
        token_ids=torch.zeros(len(rows), 1, dtype=torch.int64),
        token_mask=torch.ones(len(rows), 1, dtype=torch.int64),
        text_rows=rows,
        trust=torch.ones(len(rows)) if trust is None else torch.tensor(trust),
        epoch=epoch,
    )


def encoded(image: Tensor, text: Tensor | None = None) -> Encoded:
    """Pooled vectors [B, D] and [T, D] alone, as a model without branches gives them."""
    return Encoded(Features(image), None if text is None else Features(text))


def random_pairs(n: int, dim: int = 8, seed: int = 0) -> Encoded:
    generator = torch.Generator().manual_seed(seed)
    image, text = torch.randn(2, n, dim, generator=generator)
    return encoded(image.requires_grad_(), text.requires_grad_())


def pairs_with_cosines(cosines: Sequence[Sequence[float]]) -> Encoded:
    """Texts and images with cosine(text i, image j) = cosines[i][j]: images are axes, texts lean on them.

    Lengths differ from 1, because a loss must not depend on them.
    """
    wanted = torch.tensor(cosines)  # [T, B]
    left_over = (1 - wanted.square().sum(1)).sqrt()
    text: Tensor = torch.cat([wanted, torch.diag(left_over)], dim=1)  # [T, B + T], unit norm
    image = torch.eye(wanted.shape[1], text.shape[1])
    return encoded((3 * image).requires_grad_(), (0.5 * text).requires_grad_())


ATTRIBUTES = {"hat": ("no", "yes"), "coat": ("red", "green", "blue")}
_COMMON = {"attributes": ATTRIBUTES, "image_width": 6, "text_width": 7, "vocabulary": 20, "teacher_dim": 10}
SIZES = {"global": Sizes(8, 8, **_COMMON), "stripes": Sizes(12, 8, 3, 4, **_COMMON)}
"""View -> sizes of what `full_batch` makes."""


def full_batch(
    labels: Sequence[int], *, described: Sequence[int] | None = None, seed: int = 0
) -> tuple[Encoded, Batch]:
    """A batch that holds whatever a loss may look at, with the sizes of `SIZES`; its leaves want gradients.

    Args:
        labels: of the images; who is known has known attributes.
        described: rows that have a caption; all by default.
        seed: of everything random.
    """
    random = torch.Generator().manual_seed(seed)
    batch = batch_of(labels, described=described)
    n, t = len(labels), len(batch.text_rows)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=random).requires_grad_()

    def whole(high: int, *shape: int) -> Tensor:
        return torch.randint(high, shape, generator=random)

    lengths = 2 + whole(4, t)
    mask = torch.arange(5) < lengths[:, None]
    token_ids, masked_ids = (torch.where(mask, 1 + whole(19, t, 5), 0) for _ in range(2))
    hidden = torch.arange(5) == (whole(2, t))[:, None]
    known = batch.labels[:, None] >= 0
    values = torch.cat([whole(len(group), n, 1) for group in ATTRIBUTES.values()], dim=1)
    batch = replace(
        batch,
        attributes=torch.where(known, values, -1),
        token_ids=token_ids,
        token_mask=mask.long(),
        trust=0.5 + torch.rand(t, generator=random) / 2,
        masked_ids=masked_ids,
        masked_targets=torch.where(hidden, token_ids, -100),
    )
    grid, words = draw(n, 8, 6), draw(t, 5, 7)
    image = Features(
        draw(n, 8), {"stripes": draw(n, 3, 4)}, grid, grid=(4, 2), saliency=torch.rand(n, 8, generator=random)
    )
    saliency = torch.rand(t, 5, generator=random) * mask
    text = Features(draw(t, 8), {"stripes": draw(t, 3, 4)}, words, mask, saliency=saliency)
    masked = Features(draw(t, 8), {"stripes": draw(t, 3, 4)}, draw(t, 5, 7), mask, saliency=saliency)
    teacher = encoded(draw(n, 10).detach(), draw(t, 10).detach())
    return replace(_with_matcher(image, text, masked), teacher=teacher), batch


def _with_matcher(image: Features, text: Features, masked: Features) -> Encoded:
    def match(images: Tensor, texts: Tensor) -> Tensor:
        left, right = image.tokens.mean(dim=1)[images], text.tokens.mean(dim=1)[texts]
        return (left * right[:, :6]).sum(dim=1)

    def compare(left: Tensor, right: Tensor) -> Tensor:
        pooled = image.tokens.mean(dim=1)
        return (pooled[left] * pooled[right]).sum(dim=1)

    return Encoded(image, text, masked, match, compare)


def rearranged(pairs: Encoded, batch: Batch, images: Tensor, texts: Tensor) -> tuple[Encoded, Batch]:
    """The same batch with its images and its texts in another order, or some of the images alone.

    Args:
        pairs: as `full_batch` makes them.
        batch: likewise.
        images: [B'] int64, which image comes first, and so on; all that a text that stays describes.
        texts: [T'] int64, likewise.
    """
    place = {row: new for new, row in enumerate(images.tolist())}
    rows = {name: value for name, value in vars(batch).items() if isinstance(value, Tensor)}
    for name, value in rows.items():
        of_text = name.startswith(("token", "masked", "trust", "text"))
        rows[name] = value[texts if of_text else images]
    rows["text_rows"] = torch.tensor([place[row] for row in rows["text_rows"].tolist()], dtype=torch.int64)
    moved = _with_matcher(_rows(pairs.image, images), _rows(pairs.text, texts), _rows(pairs.masked, texts))
    teacher = Encoded(_rows(pairs.teacher.image, images), _rows(pairs.teacher.text, texts))
    return replace(moved, teacher=teacher), replace(batch, **rows)


def _rows(features: Features, rows: Tensor) -> Features:
    return replace(
        features,
        pooled=features.pooled[rows],
        views={name: parts[rows] for name, parts in features.views.items()},
        tokens=None if features.tokens is None else features.tokens[rows],
        mask=None if features.mask is None else features.mask[rows],
        saliency=None if features.saliency is None else features.saliency[rows],
    )


def tensors(value: object) -> Iterator[Tensor]:
    """All tensors inside a batch or features."""
    if isinstance(value, Tensor):
        yield value
    elif is_dataclass(value):
        yield from tensors(vars(value))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from tensors(inner)


TIE_PEOPLE = [
    *(
        "binomial_deviance",
        "circle",
        "cmpm",
        "identification",
        "itc",
        "sdm",
        "tal",
        "triplet",
        "verification",
    ),
    *("identification dropout", "identification cosine", "identification arc", "identification circle"),
    *("triplet all", "triplet weighted", "triplet euclidean", "itc own", "itc learned"),
]
"""Cases that by themselves bring an image and the texts of its person together."""
