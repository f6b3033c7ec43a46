"""Curves and thresholds, against other optimisers, known distributions and galleries that are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from textreid.errors import InputError
from textreid.evaluate.calibration_check import check_calibration, halve_persons
from textreid.evaluate.calibration_fit import FALSE_ALARM_RATES, fit_scale, log_likelihood_ratio
from textreid.metrics.open_set import BINS, CENTRES
from textreid.metrics.search import Search


def binned(scores):
    return np.bincount(((scores + 1) * BINS / 2).astype(int), minlength=BINS).astype(float)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def crowd(persons=300, crops=2, queries=2, *, seed=0, dim=24, noise=0.6, first=1):
    """People as directions; crops and queries scatter around them, some queries more than others."""
    draw = np.random.default_rng(seed)
    faces = draw.normal(size=(persons, dim)) + 0.7  # everybody is a little alike
    asked, seen = np.repeat(np.arange(persons), queries), np.repeat(np.arange(persons), crops)
    vague = draw.uniform(0.5, 1.5, (len(asked), 1))
    return Search(
        unit(faces[asked] + noise * vague * draw.normal(size=(len(asked), dim))),
        asked + first,
        unit(faces[seen] + noise * draw.normal(size=(len(seen), dim))),
        seen + first,
    )


def test_the_curve_is_the_optimum_that_another_optimiser_finds():
    draw = np.random.default_rng(1)
    right = CENTRES[draw.integers(13_000, 19_000, 300)]
    wrong = CENTRES[draw.integers(4_000, 16_000, 900)]
    sure, unsure = 301 / 302, 1 / 902

    def loss(curve):
        odds_right, odds_wrong = (curve[0] * np.arcsin(s) + curve[1] for s in (right, wrong))
        of_right = sure * np.logaddexp(0, -odds_right) + (1 - sure) * np.logaddexp(0, odds_right)
        of_wrong = unsure * np.logaddexp(0, -odds_wrong) + (1 - unsure) * np.logaddexp(0, odds_wrong)
        return 0.2 * of_right.mean() + 0.8 * of_wrong.mean()

    best = minimize(loss, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-14}).x
    slope, offset = log_likelihood_ratio(binned(right), binned(wrong), prior=0.2)
    assert slope == pytest.approx(best[0], rel=1e-4)
    assert offset == pytest.approx(best[1] - np.log(0.2 / 0.8), rel=1e-4)


@pytest.mark.parametrize("prior", [0.01, 0.5])
def test_the_curve_of_two_normal_distributions_is_known(prior):
    draw = np.random.default_rng(2)
    right, wrong = draw.normal(0.7, 0.2, 400_000), draw.normal(0.2, 0.2, 4_000_000)
    slope, offset = log_likelihood_ratio(binned(np.sin(right)), binned(np.sin(wrong)), prior)
    assert slope == pytest.approx((0.7 - 0.2) / 0.2**2, rel=0.03)
    assert offset == pytest.approx((0.2**2 - 0.7**2) / (2 * 0.2**2), rel=0.03)


def test_a_model_that_never_errs_is_not_believed_to_be_infallible():
    right, wrong = np.zeros(BINS), np.zeros(BINS)
    right[15_000], wrong[5_000] = 10, 10
    slope, offset = log_likelihood_ratio(right, wrong)
    assert np.isfinite([slope, offset]).all()
    assert 0.9 < 1 / (1 + np.exp(-slope * np.arcsin(0.5) - offset)) < 1


@pytest.mark.parametrize("size", [5, 40, 300])
def test_somebody_who_is_not_there_raises_an_alarm_as_often_as_chosen(size):
    """Thresholds of one crowd, in galleries drawn from another."""
    scale, others = fit_scale(crowd(seed=3), "drawn"), crowd(seed=4)
    draw, best = np.random.default_rng(5), []
    for query, person in zip(others.queries, others.query_ids, strict=True):
        strangers = others.gallery[others.gallery_ids != person]
        for _ in range(4):
            best.append(float((strangers[draw.choice(len(strangers), size, replace=False)] @ query).max()))
    for rate in FALSE_ALARM_RATES[2:]:
        realised = np.mean(np.array(best) >= scale.threshold(rate, size))
        assert rate / 1.6 < realised < rate * 1.6


def test_galleries_ten_times_larger_than_measured():
    small, large = fit_scale(crowd(60, 1, 4, seed=6), "few"), fit_scale(crowd(600, 1, 1, seed=7), "many")
    for rate in (0.1, 0.2, 0.5):
        assert small.threshold(rate, 590) == pytest.approx(large.threshold(rate, 590), abs=0.06)


def test_the_check_on_other_persons():
    trials = check_calibration(crowd(seed=8), "drawn")
    assert [trial.size for trial in trials] == [10, 100]
    for trial in trials:
        assert trial.error < 0.05 < trial.cosine_error
        assert list(trial.kept) == sorted(trial.kept)
        assert trial.kept[-1] <= trial.found
        for rate, realised in zip(trial.rates[2:], trial.realised[2:], strict=True):
            assert rate / 1.6 < realised < rate * 1.6
    assert trials[0].found > trials[1].found
    assert trials[0].to_dict()["rates"] == list(FALSE_ALARM_RATES)


def test_what_is_claimed_of_first_hits_does_not_exceed_what_is_right():
    for trial in check_calibration(crowd(seed=9), "drawn"):
        assert 0.5 * trial.right < trial.claimed < trial.right + 0.03


def test_halves_share_no_person_and_lose_nothing():
    plain = crowd(20, first=1)
    cameras = np.arange(len(plain.gallery)) % 3
    distractors = np.where(plain.gallery_ids > 15, 0, plain.gallery_ids)
    whole = Search(
        plain.queries[:30], plain.query_ids[:30], plain.gallery, distractors, np.zeros(30, int), cameras
    )
    one, two = halve_persons(whole, seed=0)
    assert not set(one.query_ids) & set(two.query_ids)
    assert set(one.gallery_ids) & set(two.gallery_ids) <= {0}
    assert len(one.queries) + len(two.queries) == 30
    assert len(one.gallery) + len(two.gallery) == len(whole.gallery)
    for half in (one, two):
        assert 0 in half.gallery_ids
        assert len(half.gallery_cameras) == len(half.gallery)


def test_halves_of_a_gallery_that_searches_itself():
    plain = crowd(20)
    own = np.arange(len(plain.gallery))
    itself = Search(plain.gallery, plain.gallery_ids, plain.gallery, plain.gallery_ids, own=own)
    for half in halve_persons(itself, seed=1):
        np.testing.assert_array_equal(half.gallery[half.own], half.queries)


def test_too_few_persons():
    with pytest.raises(InputError, match="too few persons"):
        fit_scale(crowd(1, 2, 1), "one person")
    lonely = crowd(4, 1, 1)
    apart = Search(lonely.queries, lonely.query_ids, lonely.gallery, lonely.gallery_ids + 100)
    with pytest.raises(InputError, match="too few persons"):
        fit_scale(apart, "nobody twice")


def test_scores_that_say_the_opposite():
    people = crowd(30)
    turned = Search(-people.queries, people.query_ids, people.gallery, people.gallery_ids)
    with pytest.raises(InputError, match="does not tell the persons of drawn apart"):
        fit_scale(turned, "drawn")
