"""From captions to token ids, and what training hides of them; everything draws from torch's generator.

For what masked language modelling hides see Devlin et al., "BERT", NAACL 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from textreid.data.text_augment import vary_caption
from textreid.recipe.augment import TextRecipe


def tokenise(
    captions: Sequence[str], tokenizer: PreTrainedTokenizerBase, text: TextRecipe
) -> dict[str, Tensor]:
    """The fields of a `Batch` that hold tokens: of varied captions, padded to the longest."""
    if not captions:
        nothing = torch.zeros(0, 1, dtype=torch.int64)
        return {"token_ids": nothing, "token_mask": nothing}
    varied = [vary_caption(caption, text) for caption in captions]
    tokens = tokenizer(varied, padding=True, truncation=True, return_tensors="pt")
    ids, mask = tokens["input_ids"], tokens["attention_mask"]
    fields = {"token_ids": ids, "token_mask": mask}
    if not (text.predict or text.mask):
        return fields
    hide: dict[str, Any] = {
        "mask_id": mask_token(tokenizer),
        "special_ids": tokenizer.all_special_ids,
    }
    if text.predict:
        hidden = mask_tokens(ids, mask, fraction=text.predict, vocabulary=len(tokenizer), **hide)
        fields |= dict(zip(("masked_ids", "masked_targets"), hidden, strict=True))
    if text.mask:
        fields["token_ids"] = hide_tokens(ids, mask, probability=text.mask, **hide)
    return fields


def mask_token(tokenizer: PreTrainedTokenizerBase) -> int:
    """The token that stands for a hidden one: the tokenizer's own, else its last word (CLIP)."""
    if tokenizer.mask_token_id is not None:
        return int(tokenizer.mask_token_id)
    special = set(tokenizer.all_special_ids)
    return next(number for number in reversed(range(len(tokenizer))) if number not in special)


def hide_tokens(
    ids: Tensor, mask: Tensor, *, probability: float, mask_id: int, special_ids: Sequence[int] = ()
) -> Tensor:
    """[T, L] int64, each token replaced by the mask's with this probability; nothing is to be guessed.

    Args:
        ids: [T, L] int64, left as they are.
        mask: [T, L] int64, 1 where a token is real.
        probability: in [0, 1].
        mask_id: the mask's token.
        special_ids: tokens that stay, such as those of the beginning and the end.
    """
    hidden = (torch.rand(ids.shape) < probability) & _ordinary(ids, mask, special_ids)
    return ids.masked_fill(hidden, mask_id)


def mask_tokens(
    ids: Tensor,
    mask: Tensor,
    *,
    fraction: float = 0.15,
    mask_id: int,
    vocabulary: int,
    special_ids: Sequence[int] = (),
) -> tuple[Tensor, Tensor]:
    """Hide tokens for masked language modelling.

    Of those to be guessed 80 % are masked, 10 % become another at random, and 10 % stay. At least one of each
    text is chosen, where it has an ordinary token at all.

    Args:
        ids: [T, L] int64, left as they are.
        mask: [T, L] int64, 1 where a token is real.
        fraction: of the ordinary tokens that are to be guessed.
        mask_id: the mask's token.
        vocabulary: number of tokens; a random one is never special.
        special_ids: tokens that are never chosen.

    Returns:
        The texts with hidden tokens, [T, L] int64, and the tokens that stood there, [T, L] int64, -100
        where nothing is to be guessed.
    """
    ordinary = _ordinary(ids, mask, special_ids)
    order = torch.rand(ids.shape).masked_fill(~ordinary, 2.0)  # the smallest of a row is chosen in any case
    first = torch.zeros_like(ordinary).scatter(1, order.argmin(dim=1, keepdim=True), value=True)
    chosen = ((order < fraction) | first) & ordinary
    how = torch.rand(ids.shape)
    usable = torch.ones(vocabulary, dtype=torch.bool)
    usable[[*special_ids, mask_id]] = False
    choices = usable.nonzero().squeeze(1)
    random = choices[torch.randint(len(choices), ids.shape)]
    masked = torch.where(chosen & (how < 0.8), torch.full_like(ids, mask_id), ids)
    masked = torch.where(chosen & (how >= 0.9), random, masked)
    return masked, ids.masked_fill(~chosen, -100)


def _ordinary(ids: Tensor, mask: Tensor, special_ids: Sequence[int]) -> Tensor:
    return mask.bool() & ~torch.isin(ids, torch.tensor(list(special_ids), dtype=ids.dtype))
