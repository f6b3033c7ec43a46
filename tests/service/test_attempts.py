"""Guesses at passwords are slowed, and nobody is locked out."""

from __future__ import annotations

import logging
from base64 import b64encode

import pytest
from starlette.responses import PlainTextResponse

from tests.helpers.asgi import Answer, ask
from textreid.service import attempts
from textreid.service.attempts import Attempts
from textreid.service.client import address_of
from textreid.service.door import BasicAuthentication, Door


class Clock:
    """Seconds that pass when the test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def guesses(known: Attempts, clock: Clock, seconds: float, account: str = "ann", address: str = "a") -> int:
    """How many wrong guesses are looked at when as many as possible are made."""
    end, count = clock.now + seconds, 0
    while clock.now < end:
        if known.wait(account, address) == 0:
            known.fail(account, address)
            count += 1
        clock.now += 0.5
    return count


def test_a_few_typing_errors_cost_nothing(clock: Clock) -> None:
    known = Attempts(clock)
    assert [known.fail("ann", "a") for _ in range(4)] == [0.0] * 4


def test_guesses_at_one_account_are_slowed(clock: Clock) -> None:
    assert guesses(Attempts(clock), clock, 3600) == 5 + 3600 // 30 - 1


def test_guesses_at_many_accounts_from_one_address_are_slowed(clock: Clock) -> None:
    known, count = Attempts(clock), 0
    for number in range(10_000):
        if known.wait(f"user {number}", "a") == 0:
            known.fail(f"user {number}", "a")
            count += 1
        clock.now += 0.01
    assert count <= 20 + 100 / 3 + 1


def test_nobody_is_locked_out(clock: Clock) -> None:
    known = Attempts(clock)
    guesses(known, clock, 3600)
    assert known.wait("ann", "another address") == 0
    assert known.wait("ann", "a") <= 30
    clock.now += 30
    assert known.wait("ann", "a") == 0


def test_guesses_that_come_too_early_do_not_lengthen_the_wait(clock: Clock) -> None:
    known = Attempts(clock)
    while known.wait("ann", "a") == 0:
        known.fail("ann", "a")
    before = known.wait("ann", "a")
    clock.now += 10
    for _ in range(1000):
        assert known.wait("ann", "a") == pytest.approx(before - 10)


def test_the_right_password_forgives_typing_errors_but_not_guesses_at_others(clock: Clock) -> None:
    known = Attempts(clock)
    for number in range(25):
        known.fail(f"user {number}", "a")
    known.succeed("ann", "a")
    assert known.wait("ann", "a") > 0


def test_memory_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST_KEYS", 100)
    known = Attempts(clock)
    for number in range(1000):
        known.fail("ann", f"address {number}")
    assert len(known._paid_at) == 100


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::9", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
    ],
)
def test_a_network_counts_as_one_address(host: str, address: str) -> None:
    assert address_of({"type": "http", "client": (host, 1)}) == address


def enter(app: BasicAuthentication, password: str, user: str = "ann", client: str = "192.0.2.7") -> Answer:
    token = b64encode(f"{user}:{password}".encode()).decode()
    return ask(app, headers={"authorization": f"Basic {token}"}, client=client)


def test_a_program_that_guesses_is_told_to_wait_and_the_terminal_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = BasicAuthentication(PlainTextResponse("inside"), Door([("ann", "right")]))
    with caplog.at_level(logging.WARNING, "textreid.service"):
        statuses = [enter(app, f"guess {number}").status for number in range(50)]
    assert statuses == [401] * 5 + [429] * 45
    late = enter(app, "right")
    assert late.status == 429
    assert 0 < int(dict(late.headers)["retry-after"]) <= 30
    assert enter(app, "right", client="192.0.2.8").status == 200
    assert len(caplog.messages) == 5
    assert "ann" in caplog.text
    assert "192.0.2.7" in caplog.text
    assert "guess" not in caplog.text.replace("the next guess has", "")


def test_no_name_acts_on_the_terminal(caplog: pytest.LogCaptureFixture) -> None:
    app = BasicAuthentication(PlainTextResponse("inside"), Door([("ann", "right")]))
    with caplog.at_level(logging.WARNING, "textreid.service"):
        assert enter(app, "x", user="\x1b[2J\n\u2028" + "long" * 1000).status == 401
    (message,) = caplog.messages
    assert message.isprintable()
    assert len(message) < 200


def test_requests_without_a_password_are_no_guesses() -> None:
    app = BasicAuthentication(PlainTextResponse("inside"), Door([("ann", "right")]))
    for header in ("", "Basic ?", "Bearer x", "Basic YW5u"):
        assert [ask(app, headers={"authorization": header}).status for _ in range(10)] == [401] * 10
    assert enter(app, "right").status == 200
