"""The clock of a film: what it shows where recordings are joined, and where a stamp is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textreid.people.video_clock import steady

SECOND, FRAME = 1000, 100


def places(stamps: list[int | None]) -> list[int | None]:
    return [moment.ticks for moment in steady(stamps, SECOND, FRAME)]


def faults(stamps: list[int | None]) -> dict[int, str]:
    moments = steady(stamps, SECOND, FRAME)
    return {number: moment.fault for number, moment in enumerate(moments) if moment.fault}


def every(begin: int, frames: int, step: int = FRAME) -> list[int]:
    return list(range(begin, begin + frames * step, step))


@pytest.mark.parametrize(
    "stamps",
    [
        every(0, 50),
        every(-300, 50),
        every(10**9, 50),
        [*every(0, 20, 50), *every(1000, 5, 250), *every(2250, 50, 40)],  # a variable rate
        [*every(0, 20), *every(32_000, 20)],  # half a minute in which nothing moved
        [],
        [7],
    ],
)
def test_a_clock_that_only_goes_on_is_left_alone(stamps: list[int]) -> None:
    assert places(stamps) == stamps
    assert faults(stamps) == {}


def test_a_slow_film_is_no_film_that_leaps() -> None:
    stamps = every(0, 50, 120_000)  # one frame in two minutes
    assert [moment.ticks for moment in steady(stamps, SECOND, 120_000)] == stamps


def test_two_stamps_that_changed_places_cost_no_more_than_their_order() -> None:
    assert places([0, 100, 300, 200, 400, 500]) == [0, 100, 150, 200, 400, 500]


@pytest.mark.parametrize("begin", [0, -5000, 500, 3_600_000, 10**10, -(10**10)])
def test_joined_recordings_follow_one_another(begin: int) -> None:
    stamps = [*every(0, 40), *every(begin, 40)]
    assert places(stamps) == every(0, 80)
    assert faults(stamps) == {40: "leap"}


def test_a_counter_of_33_bits_that_wraps_goes_on() -> None:
    stamps = [stamp % 2**33 for stamp in range(2**33 - 9000, 2**33 + 9000, 1800)]
    moments = list(steady(stamps, 90_000, 1800))
    assert [moment.ticks for moment in moments] == list(range(2**33 - 9000, 2**33 + 9000, 1800))
    assert [moment.fault for moment in moments].count("leap") == 1


@pytest.mark.parametrize("wild", [9_800_100, -50_000, 0, 4500, 10**15])
def test_one_wild_stamp_is_one_bad_stamp(wild: int) -> None:
    stamps = every(0, 120)
    stamps[40] = wild
    assert places(stamps) == every(0, 120)
    assert faults(stamps) == {40: "wild"}


def test_the_first_and_the_last_stamp_may_be_wild() -> None:
    assert places([9_000_000, *every(100, 40)])[1:] == [9_000_100 + FRAME * i for i in range(40)]
    assert places([*every(0, 40), 9_000_000])[-1] == 4000


def test_packets_without_a_stamp_are_passed_on() -> None:
    assert places([None, None, *every(0, 3), None, *every(300, 3)]) == [
        None,
        None,
        0,
        100,
        200,
        None,
        300,
        400,
        500,
    ]


@given(
    st.lists(st.integers(-(2**40), 2**40) | st.none(), max_size=60),
    st.integers(1, 100_000),
    st.floats(0.001, 1e6),
)
def test_whatever_the_stamps_time_neither_leaps_nor_falls_back(stamps, second, frame) -> None:
    moments = list(steady(stamps, second, frame))
    assert [moment.ticks is None for moment in moments] == [stamp is None for stamp in stamps]
    ticks = [moment.ticks for moment in moments if moment.ticks is not None]
    latest, longest = ticks[0] if ticks else 0, max(1, round(frame))
    for tick in ticks:
        assert -3 * longest <= tick - latest <= max(60 * second, 20 * longest)
        longest = max(longest, tick - latest)
        latest = max(latest, tick)
