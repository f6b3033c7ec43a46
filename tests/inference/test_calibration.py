"""What scores mean: the arithmetic by hand, the file, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from textreid.errors import InputError, ModelError
from textreid.inference.calibration import Calibration, Scale

SCALE = Scale(
    "drawn val",
    slope=10.0,
    offset=-4.0,
    sizes=(1, 10, 100),
    rates=(0.01, 0.1, 0.5),
    thresholds=((0.5, 0.4, 0.2), (0.6, 0.5, 0.4), (0.7, 0.6, 0.5)),
)


def test_probability_by_bayes_rule():
    scores, people = np.array([0.2, 0.4, 0.8]), 99
    ratio = np.exp(10 * np.arcsin(scores) - 4)
    prior = 1 / (people + 1)
    expected = ratio * prior / (ratio * prior + 1 - prior)
    np.testing.assert_allclose(SCALE.probabilities(scores, people), expected, rtol=1e-6)
    assert SCALE.probabilities(np.sin([0.4]), 1)[0] == pytest.approx(0.5)
    assert SCALE.probabilities(np.sin([0.4]), 99)[0] == pytest.approx(0.01)


def test_no_score_overflows():
    steep = replace(SCALE, slope=1e5)
    assert steep.probabilities(np.array([-1.0, 1.0]), 10**9).tolist() == [0, 1]


def test_thresholds_of_the_table_come_back():
    found = [[SCALE.threshold(rate, size) for rate in SCALE.rates] for size in SCALE.sizes]
    np.testing.assert_allclose(found, SCALE.thresholds)


def test_thresholds_between_and_beyond():
    assert SCALE.threshold(0.1, 1000) == pytest.approx(1 - 0.4 * 0.8)  # from 0.5 to 0.4 below 1, and so on
    assert SCALE.threshold(0.1, round(10**1.5)) == pytest.approx(1 - 0.5 * 0.8**0.5, abs=1e-3)
    rates = np.linspace(0.01, 0.5, 30)
    falling = [SCALE.threshold(rate, 50) for rate in rates]
    assert falling == sorted(falling, reverse=True)
    assert 0.8 < SCALE.threshold(0.01, 10**9) < 1
    assert SCALE.threshold(0.1, 0) == SCALE.threshold(0.1, 1)


def test_the_largest_of_cosines_of_random_directions_passes_as_often_as_asked():
    """With P(cosine >= s) = ((1 - s) / 2)^k, thresholds between two rates and beyond the sizes are right."""

    def exact(rate, size):
        return 1 - 2 * (1 - (1 - rate) ** (1 / size)) ** (1 / 12)

    sizes, rates = (1, 100, 1000, 10_000), (0.01, 0.5)
    table = tuple(tuple(exact(rate, size) for rate in rates) for size in sizes)
    scale = replace(SCALE, sizes=sizes, rates=rates, thresholds=table)
    for rate, size in ((0.05, 1000), (0.2, 10_000), (0.01, 100_000), (0.1, 100_000)):
        assert scale.threshold(rate, size) == pytest.approx(exact(rate, size), abs=2e-4)


@pytest.mark.parametrize("rate", [0.0, 0.001, 0.6, 1.0, -1.0, float("nan")])
def test_a_rate_that_was_not_measured(rate):
    with pytest.raises(InputError, match=r"choose one from 0\.01 to 0\.5"):
        SCALE.threshold(rate, 10)


@pytest.mark.parametrize(
    "wrong",
    [
        {"slope": 0.0},
        {"slope": -1.0},
        {"offset": float("nan")},
        {"sizes": (10, 1, 100)},
        {"sizes": (2, 10, 100)},
        {"rates": (0.0, 0.1, 0.5)},
        {"rates": (0.1, 0.5, 1.0)},
        {"thresholds": ((0.5, 0.4, 0.2),)},
        {"thresholds": ((0.5, 0.4, 0.2), (0.6, 0.5, 0.4), (0.7, 0.6, float("inf")))},
        {"thresholds": ((0.5, 0.4, 0.2), (0.6, 0.5, 0.4), (0.7, 0.6, 0.3))},
        {"thresholds": ((0.5, 0.4, 0.2), (0.6, 0.5, 0.4), (0.7, 0.8, 0.5))},
    ],
)
def test_numbers_that_mean_nothing(wrong):
    with pytest.raises(ValueError):
        replace(SCALE, **wrong)


def test_written_and_read_again(tmp_path):
    calibration = Calibration("abc", text=SCALE)
    assert calibration.write(tmp_path) == tmp_path / "calibration.json"
    assert Calibration.read(tmp_path, "abc") == calibration
    assert [path.name for path in tmp_path.iterdir()] == ["calibration.json"]


def test_none_is_none(tmp_path):
    assert Calibration.read(tmp_path, "abc") is None


def test_of_other_weights(tmp_path):
    Calibration("abc", text=SCALE).write(tmp_path)
    with pytest.raises(ModelError, match=r"other weights \(abc, these are def\).*textreid calibrate"):
        Calibration.read(tmp_path, "def")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: None,
        lambda content: [],
        lambda content: content.pop("text"),
        lambda content: content["text"].pop("slope"),
        lambda content: content["text"].update(slope="steep"),
        lambda content: content["text"].update(slope=-1),
        lambda content: content["text"].update(colour=1),
        lambda content: content["text"].update(sizes=5),
        lambda content: content["text"]["thresholds"].pop(),
        lambda content: content["text"]["rates"].reverse(),
    ],
)
def test_damaged(tmp_path, damage):
    path = Calibration("abc", text=SCALE).write(tmp_path)
    content = json.loads(path.read_text())
    changed = damage(content)
    text = json.dumps(changed if isinstance(changed, list) else content)
    path.write_text(text if changed is not None or "textreid" in text else text[: len(text) // 2])
    with pytest.raises(ModelError, match=r"calibration\.json' is damaged .*textreid calibrate"):
        Calibration.read(tmp_path, "abc")


def test_scales_by_the_number_of_clauses_come_back_and_are_found(tmp_path):
    one, two, three = (replace(SCALE, offset=-number, crowding=0.5) for number in (1, 2, 3))
    whole = Calibration("0", text=SCALE, photo=SCALE, clauses=(one, two), matched=(two, three))
    whole.write(tmp_path)
    assert Calibration.read(tmp_path, "0") == whole
    for words, found in (
        ("a man", (one, two)),
        ("a red coat", (one, two)),
        ("a red coat and a bag", (two, three)),
    ):
        assert whole.scales("text", words) == found
    assert whole.scales("photo", None) == (SCALE, None)
    with pytest.raises(ValueError, match="as many scales"):
        replace(whole, matched=(one,))


def test_a_file_from_before_has_one_scale_for_all_descriptions(tmp_path):
    Calibration("0", text=SCALE).write(tmp_path)
    content = json.loads((tmp_path / "calibration.json").read_text())
    former = {name: content[name] for name in ("fingerprint", "text", "photo")}
    del former["text"]["crowding"]
    (tmp_path / "calibration.json").write_text(json.dumps(former))
    assert Calibration.read(tmp_path, "0").scales("text", "a red coat and a bag") == (SCALE, None)


def test_crowding_says_how_far_a_larger_gallery_lowers_the_odds():
    half = replace(SCALE, crowding=0.5).probabilities(np.array([0.4]), 10_000)
    np.testing.assert_allclose(half, SCALE.probabilities(np.array([0.4]), 100), rtol=1e-6)
