"""Who is let wait, and who is refused because it would take too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager

import pytest
from fastapi import HTTPException

from tests.helpers.in_a_loop import run_in_a_loop
from textreid.service.queueing import LONGEST_WAIT, Queue


class Client:
    """A request, as far as a queue looks at it."""

    def __init__(self) -> None:
        self.gone = False

    async def is_disconnected(self) -> bool:
        return self.gone


class Clock:
    """Seconds that pass when somebody says so."""

    def __init__(self) -> None:
        self.now = 1.0

    def __call__(self) -> float:
        return self.now


class Office:
    """A queue whose requests take as long as they are told, in a time that passes at once."""

    def __init__(self, at_once: int = 1) -> None:
        self.clock = Clock()
        self.queue = Queue(at_once, self.clock)
        self.done: list[int] = []

    async def ask(self, number: int, seconds: float, client: Client | None = None) -> None:
        async with asynccontextmanager(self.queue.__call__)(client or Client()):  # type: ignore[arg-type]
            self.clock.now += seconds
            await asyncio.sleep(0)
            self.done.append(number)


def refused(answer: object) -> int:
    """The seconds after which it is worth asking again."""
    assert isinstance(answer, HTTPException)
    assert answer.status_code == 503
    assert answer.headers is not None
    return int(answer.headers["Retry-After"])


def run(work: Callable[[], object]) -> None:
    run_in_a_loop(work())  # type: ignore[arg-type]


def test_requests_go_on_in_the_order_they_came() -> None:
    async def work() -> None:
        office = Office(2)
        await asyncio.gather(*(office.ask(number, 0.1) for number in range(20)))
        assert office.done == list(range(20))
        assert office.queue.expected_wait() == 0

    run(work)


def test_whoever_would_wait_too_long_is_refused_at_once_with_how_long() -> None:
    """One takes a second, so the 32nd of 100 at once would wait for 31."""

    async def work() -> None:
        office = Office()
        await office.ask(-1, 1.0)
        answers = await asyncio.gather(
            *(office.ask(number, 1.0) for number in range(100)), return_exceptions=True
        )
        assert answers[: int(LONGEST_WAIT) + 1] == [None] * 31
        assert [refused(answer) for answer in answers[31:]] == [31] * 69
        assert office.done == [-1, *range(31)]

    run(work)


def test_several_at_once_are_as_much_faster() -> None:
    async def work() -> None:
        office = Office(4)
        for number in range(4):
            await office.ask(number, 1.0)
        answers = await asyncio.gather(
            *(office.ask(number, 1.0) for number in range(200)), return_exceptions=True
        )
        assert answers.count(None) == 4 * LONGEST_WAIT + 1

    run(work)


def test_a_crowd_that_comes_before_anything_is_known_hears_when_the_first_is_done() -> None:
    async def work() -> None:
        office = Office()
        answers = await asyncio.gather(
            *(office.ask(number, 1.0) for number in range(100)), return_exceptions=True
        )
        assert answers[:32] == [None] * 32
        assert [refused(answer) for answer in answers[32:]] == [31] * 68
        assert office.done == list(range(32))

    run(work)


def test_a_first_one_that_fails_keeps_nobody() -> None:
    async def work() -> None:
        office, gone = Office(), Client()
        gone.gone = True
        crowd = [office.ask(0, 1.0, gone), *(office.ask(number, 1.0) for number in range(1, 5))]
        answers = await asyncio.gather(*crowd, return_exceptions=True)
        assert answers[1:] == [None] * 4
        assert office.done == [1, 2, 3, 4]

    run(work)


def test_while_the_first_takes_long_nobody_is_let_wait_for_it() -> None:
    async def work() -> None:
        office = Office()
        async with asynccontextmanager(office.queue.__call__)(Client()):  # type: ignore[arg-type]
            assert office.queue.expected_wait() == 0
            office.clock.now += 40
            with pytest.raises(HTTPException) as refusal:
                await office.ask(2, 1.0)
            assert refused(refusal.value) == 40

    run(work)


def test_one_slow_answer_closes_no_door() -> None:
    """Such as the first one, which reads everything."""

    async def work() -> None:
        office = Office()
        for seconds in (60.0, 1.0, 1.0):
            await office.ask(0, seconds)
        answers = await asyncio.gather(*(office.ask(n, 1.0) for n in range(30)), return_exceptions=True)
        assert answers == [None] * 30

    run(work)


def test_a_client_that_has_gone_takes_no_turn() -> None:
    async def work() -> None:
        office, gone = Office(), Client()
        gone.gone = True
        answers = await asyncio.gather(
            office.ask(1, 1.0), office.ask(2, 1.0, gone), office.ask(3, 1.0), return_exceptions=True
        )
        assert office.done == [1, 3]
        assert isinstance(answers[1], HTTPException)
        assert office.queue.expected_wait() == 0

    run(work)
