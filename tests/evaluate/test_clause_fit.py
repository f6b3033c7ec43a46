"""What short descriptions mean: who answers them, and whether the rates that were asked for are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from textreid.evaluate.clause_answers import (
    RIGHT,
    STRANGER,
    UNCLEAR,
    Asked,
    answers,
    ask_in_clauses,
    tell_of_persons,
)
from textreid.evaluate.clause_draws import NATURAL_SIZES, SIZES, Draw
from textreid.evaluate.clause_fit import fit_clauses, try_clauses
from textreid.types import PersonCrop

CAPTIONS = {
    1: "A man in a red shirt, blue jeans and white shoes.",
    2: "A woman wears a red shirt. She has a black backpack.",
    3: "A man in a green shirt and blue jeans.",
    4: "Somebody with a black backpack.",
}
CROPS = [PersonCrop(str(n), Path("x.jpg"), n, captions=(text,)) for n, text in CAPTIONS.items()]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a red shirt", (RIGHT, RIGHT, STRANGER, UNCLEAR)),
        ("a man in a red shirt", (RIGHT, STRANGER, STRANGER, UNCLEAR)),
        ("a red shirt and blue jeans", (RIGHT, UNCLEAR, STRANGER, UNCLEAR)),
    ],
)
def test_whoever_wears_what_is_said_is_right_and_who_does_not_say_counts_for_nothing(text, found):
    (asked,) = (one for one in ask_in_clauses([PersonCrop("9", Path("x"), 9, captions=(text,))])[-1:])
    told = tell_of_persons(CROPS)
    assert answers(asked, [1, 2, 3, 4], told).tolist() == list(found)
    own = Asked(asked.text, asked.clauses, 3, asked.says)
    assert answers(own, [3], told).tolist() == [RIGHT]


def test_captions_are_asked_in_one_clause_two_three_and_whole():
    asked = [(one.clauses, one.text) for one in ask_in_clauses(CROPS[:1])]
    assert asked == [
        (1, "A man in a red shirt"),
        (2, "A man in a red shirt, blue jeans"),
        (3, "A man in a red shirt, blue jeans and white shoes"),
        (4, CAPTIONS[1]),
    ]


def drawn(queries: int) -> list[Draw]:
    """Scores of strangers and of right people from two bells; short descriptions lie lower."""
    random, draws = np.random.default_rng(3), []
    for query in range(queries):
        clauses = 1 + query % 4
        for strangers, sizes in ((True, SIZES), (False, NATURAL_SIZES)):
            for size in sizes:
                right = np.zeros(size, bool)
                right[0] = not strangers
                scores = random.normal(0.1 * clauses / 4 + 0.3 * right, 0.08)
                order = np.argsort(-scores)[:32]
                draws.append(Draw(clauses, query // 4 % 2, strangers, size, scores[order], right[order]))
    return draws


def test_rates_hold_in_every_class_for_persons_not_seen():
    for trial in try_clauses(drawn(8000), "drawn val"):
        for rate, realised in zip(trial.rates, trial.realised, strict=True):
            if rate >= 0.05:
                assert realised == pytest.approx(rate, rel=0.25)


def test_scales_follow_the_class_and_probabilities_what_is_right():
    draws = drawn(4000)
    scales = fit_clauses(draws, "drawn val")
    needed = [scale.threshold(0.05, 100) for scale in scales]
    assert np.diff(needed) == pytest.approx(0.025, abs=0.015)
    for clauses, scale in enumerate(scales, start=1):
        natural = [d for d in draws if not d.strangers and d.clauses == clauses and d.size == 100]
        claimed = np.concatenate([scale.probabilities(d.scores, 100) for d in natural])
        right = np.concatenate([d.right for d in natural])
        assert claimed.mean() == pytest.approx(right.mean(), rel=0.2)
        assert claimed[claimed > 0.5].mean() == pytest.approx(right[claimed > 0.5].mean(), abs=0.05)


def test_too_few_descriptions_give_no_scale():
    assert fit_clauses(drawn(40), "drawn val") == ()
    assert try_clauses(drawn(40), "drawn val") == []
