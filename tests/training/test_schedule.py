"""How learning rates rise and fall."""

from __future__ import annotations

import pytest

from textreid.errors import InputError
from textreid.training.schedule import Schedule


class TestSchedule:
    def test_warms_up_in_equal_steps(self) -> None:
        rates = [Schedule(10, warmup=1).fraction(step, 10) for step in range(11)]
        assert rates == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0])

    def test_falls_by_half_a_cosine(self) -> None:
        schedule = Schedule(11, warmup=1, final=0.2)
        assert schedule.fraction(10, 10) == pytest.approx(1.0)
        assert schedule.fraction(60, 10) == pytest.approx(0.6)
        assert schedule.fraction(110, 10) == pytest.approx(0.2)

    def test_never_rises_again(self) -> None:
        rates = [Schedule(5, warmup=0.5, final=0.1).fraction(step, 10) for step in range(5, 80)]
        assert rates == sorted(rates, reverse=True)
        assert rates[-1] == pytest.approx(0.1)

    def test_falls_in_steps_after_the_epochs_named(self) -> None:
        schedule = Schedule(8, warmup=0, schedule="steps", drops=(4, 7), drop=0.1)
        rates = [schedule.fraction(step, 3) for step in range(24)]
        assert rates == pytest.approx([1.0] * 12 + [0.1] * 9 + [0.01] * 3)

    def test_warm_up_takes_a_quarter_at_most(self) -> None:
        assert Schedule(1, warmup=100).fraction(2, 12) == pytest.approx(1)

    @pytest.mark.parametrize("steps", [1, 2, 3])
    def test_shortest_schedules(self, steps: int) -> None:
        assert all(0 < Schedule(1, warmup=20).fraction(step, steps) <= 1 for step in range(steps))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"epochs": 0}, "epochs is 0"), ({"epochs": 1, "text_rate": -1.0}, "text_rate is -1.0")],
)
def test_values_out_of_range_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Schedule(**options)  # type: ignore[arg-type]
