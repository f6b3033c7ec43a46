"""Varied sentences keep their meaning; hidden tokens keep their rates."""

from __future__ import annotations

import re
from itertools import product

import pytest
import torch

from textreid.data.attributes.captions import read_caption
from textreid.data.text_augment import (
    SYNONYMS,
    delete_clauses,
    delete_words,
    hide_tokens,
    mask_tokens,
    replace_synonyms,
    shuffle_sentences,
    vary_caption,
)
from textreid.recipe import TextRecipe
from textreid.synthetic import View, caption, sample_pedestrians

TEXT = "A man in a grey sweater. He wears black pants! Has he a backpack? Yes"
CLS, SEP, MASK, VOCABULARY = 2, 3, 4, 50
SPECIAL = (0, 1, CLS, SEP, MASK)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def test_nothing_asked_nothing_changed_nothing_drawn() -> None:
    before = torch.get_rng_state()
    assert vary_caption(TEXT, TextRecipe(mask=0.5, predict=0.5)) == TEXT
    assert torch.equal(torch.get_rng_state(), before)


def test_the_same_seed_gives_the_same_caption() -> None:
    recipe = TextRecipe(shuffle=0.5, clauses=0.2, synonyms=0.5, delete=0.2)
    texts = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        texts.append([vary_caption(TEXT, recipe) for _ in range(5)])
    assert texts[0] == texts[1] != texts[2]


def test_shuffling_moves_whole_sentences() -> None:
    seen = {shuffle_sentences("One. Two! Three?") for _ in range(200)}
    assert len(seen) == 6
    assert all(sorted(text.split()) == ["One.", "Three?", "Two!"] for text in seen)
    assert shuffle_sentences("Only one, without an end") == "Only one, without an end"


def test_shuffle_is_a_probability() -> None:
    moved = sum(vary_caption("One. Two.", TextRecipe(shuffle=0.5)) != "One. Two." for _ in range(2000))
    assert moved / 2000 == pytest.approx(0.25, abs=0.03)  # half of them, and half of those come back


def test_synonyms_mean_the_same() -> None:
    """Every attribute that is read from a caption is read from its variation."""
    for seed, person in enumerate(sample_pedestrians(120, seed=5)):
        text = caption(person, View(), seed)
        assert read_caption(replace_synonyms(text, 1.0)) == read_caption(text), text


def test_synonyms_replace_whole_words_and_keep_capitals() -> None:
    assert replace_synonyms("Grey pants, womanly; man-made", 1.0) == "Gray trousers, womanly; man-made"
    assert replace_synonyms("Woman", 1.0) == "Lady"
    assert replace_synonyms(TEXT, 0.0) == TEXT


def test_no_word_is_in_two_lists_of_synonyms() -> None:
    words = [word for group in SYNONYMS for word in group]
    assert len(words) == len(set(words))


def test_share_of_synonyms() -> None:
    replaced = sum(replace_synonyms("grey " * 10, 0.3).count("gray") for _ in range(300))
    assert replaced / 3000 == pytest.approx(0.3, abs=0.03)


def test_deletion_keeps_order_and_share() -> None:
    words = [str(number) for number in range(1000)]
    left = delete_words(" ".join(words), 0.2).split()
    assert left == sorted(left, key=int)
    assert len(left) == pytest.approx(800, abs=50)


def test_deletion_leaves_a_word() -> None:
    assert all(delete_words("one two three", 1.0) in ("one", "two", "three") for _ in range(20))
    assert delete_words("", 0.5) == ""
    assert re.fullmatch(r"\w+", delete_words("word", 1.0))


def test_clauses_are_left_out_whole() -> None:
    text = "The man, in a red shirt and blue jeans, walks with a bag. He looks down."
    clauses = ["The man,", "in a red shirt", "and blue jeans,", "walks", "with a bag.", "He looks down."]
    seen = {delete_clauses(text, 0.5) for _ in range(2000)}
    assert seen == {
        " ".join(clause for clause, kept in zip(clauses, choice, strict=True) if kept)
        for choice in product((False, True), repeat=6)
        if any(choice)
    }


def test_share_of_clauses() -> None:
    left = delete_clauses(", ".join(["word"] * 2000), 0.3)
    assert left.count("word") / 2000 == pytest.approx(0.7, abs=0.04)
    assert delete_clauses(TEXT, 0.0) == TEXT
    assert delete_clauses("", 0.5) == ""


def test_words_that_begin_like_a_clause_do_not_end_one() -> None:
    assert {delete_clauses("a man without android headphones", 1.0) for _ in range(20)} == {
        "a man without android headphones"
    }


def sentences(rows: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """[CLS] ordinary tokens [SEP] and padding, of different lengths."""
    ids = torch.randint(5, VOCABULARY, (rows, length))
    lengths = 3 + torch.arange(rows) % (length - 3)
    mask = (torch.arange(length) < lengths[:, None]).long()
    ids[:, 0] = CLS
    ids[torch.arange(rows), lengths - 1] = SEP
    return ids * mask, mask


def test_masked_tokens_keep_their_rates() -> None:
    ids, mask = sentences(400, 60)
    masked, targets = mask_tokens(
        ids, mask, ratio=0.15, mask_id=MASK, vocabulary=VOCABULARY, special_ids=SPECIAL
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


def test_at_least_one_token_of_each_sentence_is_to_be_guessed() -> None:
    ids, mask = sentences(50, 12)
    _, targets = mask_tokens(ids, mask, ratio=0.0, mask_id=MASK, vocabulary=VOCABULARY, special_ids=SPECIAL)
    assert ((targets != -100).sum(dim=1) == 1).all()


def test_a_sentence_without_ordinary_tokens_stays() -> None:
    ids = torch.tensor([[CLS, SEP, 0], [CLS, 9, SEP]])
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    masked, targets = mask_tokens(ids, mask, mask_id=MASK, vocabulary=VOCABULARY, special_ids=SPECIAL)
    assert masked[0].tolist() == ids[0].tolist()
    assert targets.tolist() == [[-100] * 3, [-100, 9, -100]]


def test_no_sentence_at_all() -> None:
    none = torch.zeros(0, 1, dtype=torch.int64)
    masked, targets = mask_tokens(none, none, mask_id=MASK, vocabulary=VOCABULARY)
    assert masked.shape == targets.shape == (0, 1)


def test_hidden_tokens() -> None:
    ids, mask = sentences(400, 60)
    before = ids.clone()
    hidden = hide_tokens(ids, mask, share=0.3, mask_id=MASK, special_ids=SPECIAL)
    ordinary = mask.bool() & (ids != CLS) & (ids != SEP)
    assert torch.equal(ids, before)
    assert set(hidden[hidden != ids].tolist()) == {MASK}
    assert (hidden != ids)[ordinary].float().mean() == pytest.approx(0.3, abs=0.02)
    assert not (hidden != ids)[~ordinary].any()
