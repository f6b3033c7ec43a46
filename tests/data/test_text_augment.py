"""Varied captions keep their meaning."""

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
    replace_synonyms,
    shuffle_sentences,
    vary_caption,
)
from textreid.recipe import TextRecipe
from textreid.synthetic import View, caption, sample_pedestrians

TEXT = "A man in a grey sweater. He wears black pants! Has he a backpack? Yes"


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
