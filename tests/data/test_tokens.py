"""Hidden tokens keep their rates."""

from __future__ import annotations

import pytest
import torch

from textreid.data.tokens import hide_tokens, mask_token, mask_tokens

CLS, SEP, MASK, VOCABULARY = 2, 3, 4, 50
SPECIAL = (0, 1, CLS, SEP, MASK)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def texts(rows: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """[CLS] ordinary tokens [SEP] and padding, of different lengths."""
    ids = torch.randint(5, VOCABULARY, (rows, length))
    lengths = 3 + torch.arange(rows) % (length - 3)
    mask = (torch.arange(length) < lengths[:, None]).long()
    ids[:, 0] = CLS
    ids[torch.arange(rows), lengths - 1] = SEP
    return ids * mask, mask


def test_masked_tokens_keep_their_rates() -> None:
    ids, mask = texts(400, 60)
    masked, targets = mask_tokens(
        ids, mask, fraction=0.15, mask_id=MASK, vocabulary=VOCABULARY, special_ids=SPECIAL
    )
    chosen = targets != -100
    ordinary = mask.bool() & (ids != CLS) & (ids != SEP)
    assert torch.equal(targets[chosen], ids[chosen])
    assert torch.equal(masked[~chosen], ids[~chosen])
    assert not (chosen & ~ordinary).any()
    assert chosen.sum() / ordinary.sum() == pytest.approx(0.15, abs=0.02)
    assert (masked[chosen] == MASK).float().mean() == pytest.approx(0.8, abs=0.03)
    other = masked[chosen & (masked != MASK) & (masked != ids)]
    assert len(other) / chosen.sum() == pytest.approx(0.1, abs=0.03)
    assert not torch.isin(other, torch.tensor(SPECIAL)).any()


def test_at_least_one_token_of_each_text_is_to_be_guessed() -> None:
    ids, mask = texts(50, 12)
    _, targets = mask_tokens(
        ids, mask, fraction=0.0, mask_id=MASK, vocabulary=VOCABULARY, special_ids=SPECIAL
    )
    assert ((targets != -100).sum(dim=1) == 1).all()


def test_a_text_without_ordinary_tokens_stays() -> None:
    ids = torch.tensor([[CLS, SEP, 0], [CLS, 9, SEP]])
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    masked, targets = mask_tokens(ids, mask, mask_id=MASK, vocabulary=VOCABULARY, special_ids=SPECIAL)
    assert masked[0].tolist() == ids[0].tolist()
    assert targets.tolist() == [[-100] * 3, [-100, 9, -100]]


def test_no_text_at_all() -> None:
    none = torch.zeros(0, 1, dtype=torch.int64)
    masked, targets = mask_tokens(none, none, mask_id=MASK, vocabulary=VOCABULARY)
    assert masked.shape == targets.shape == (0, 1)


def test_hidden_tokens() -> None:
    ids, mask = texts(400, 60)
    before = ids.clone()
    hidden = hide_tokens(ids, mask, probability=0.3, mask_id=MASK, special_ids=SPECIAL)
    ordinary = mask.bool() & (ids != CLS) & (ids != SEP)
    assert torch.equal(ids, before)
    assert set(hidden[hidden != ids].tolist()) == {MASK}
    assert (hidden != ids)[ordinary].float().mean() == pytest.approx(0.3, abs=0.02)
    assert not (hidden != ids)[~ordinary].any()


@pytest.mark.parametrize(("special", "expected"), [([49406, 49407], 49405), ([0, 1, 2], 49407)])
def test_mask_token_of_a_tokenizer_without_one_is_its_last_word(special: list[int], expected: int) -> None:
    """CLIP's special tokens are 49406 and 49407, SentencePiece's stand in front."""

    class Tokenizer:
        mask_token_id, all_special_ids = None, special

        def __len__(self) -> int:
            return 49408

    assert mask_token(Tokenizer()) == expected
