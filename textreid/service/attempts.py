"""Guesses at passwords, slowed: nobody is locked out, and nobody guesses faster than people type."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

MOST_KEYS = 10_000
"""So many accounts and addresses are remembered; the oldest go first."""


@dataclass(frozen=True)
class Pace:
    """So many wrong guesses at once, and then one in so many seconds."""

    at_once: int
    seconds: float


BY_ACCOUNT = Pace(5, 30.0)
"""For one account from one address."""
BY_ADDRESS = Pace(20, 3.0)
"""For all accounts from one address."""


class Attempts:
    """Counts wrong passwords by account and address together, and by address.

    A key is known by the moment at which all its wrong guesses will be paid for, one `Pace.seconds` after
    another: while more than `Pace.at_once` are unpaid, the next guess has to wait. Guesses that come while
    they have to wait are not looked at and cost nothing, so the wait ends for whoever knows the password.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paid_at: OrderedDict[Hashable, float] = OrderedDict()

    def wait(self, account: str, address: str) -> float:
        """Seconds until this account may be tried from this address; 0 means now."""
        waits = (self._wait(key, pace) for key, pace in _keys(account, address))
        return max(0.0, *waits)

    def fail(self, account: str, address: str) -> float:
        """Count a wrong password; returns the seconds to wait from now on."""
        now = self._clock()
        for key, pace in _keys(account, address):
            self._paid_at[key] = max(now, self._paid_at.pop(key, now)) + pace.seconds
        while len(self._paid_at) > MOST_KEYS:
            self._paid_at.popitem(last=False)
        return self.wait(account, address)

    def succeed(self, account: str, address: str) -> None:
        """The right password: earlier typing errors for this account are forgiven."""
        self._paid_at.pop((account, address), None)

    def _wait(self, key: Hashable, pace: Pace) -> float:
        unpaid = self._paid_at.get(key, 0.0) - self._clock()
        return unpaid - (pace.at_once - 1) * pace.seconds


def _keys(account: str, address: str) -> tuple[tuple[Hashable, Pace], ...]:
    return ((account, address), BY_ACCOUNT), (address, BY_ADDRESS)
