"""A queue for what takes long: nobody is let wait for longer than somebody would."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping

from fastapi import HTTPException, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from textreid.service.refusals import refuse

LONGEST_WAIT = 30.0
"""Seconds that a request may be expected to wait."""
REMEMBERED = 32
"""Requests by whose durations the next ones are judged."""


class Queue:
    """A FastAPI dependency: requests go on in the order they came, a few at once, or are refused at once.

    How long one will wait is expected from the requests before it and the time of one: the mean of the
    last ones but the longest. Of a crowd that comes before anything is known, the first go on, and the others
    hear when one of these is done. A request that waits holds no thread, and one whose client has gone takes
    no turn.

    Args:
        at_once: how many go on together.
        clock: seconds of a clock that never goes back.
    """

    def __init__(self, at_once: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._at_once, self._clock = at_once, clock
        self._turns = asyncio.Semaphore(at_once)
        self._durations: deque[float] = deque(maxlen=REMEMBERED)
        self._began = 0.0
        self._before = 0
        self._known = asyncio.Event()

    async def __call__(self, request: Request) -> AsyncIterator[None]:
        """Wait for a turn, and keep it until the request is answered.

        Raises:
            HTTPException: 503, with the expected wait as Retry-After, where it is longer than `LONGEST_WAIT`.
        """
        self._refuse_if_long()
        if self._before >= self._at_once and not self._known.is_set():
            await self._known.wait()
            self._refuse_if_long()
        self._before += 1
        try:
            async with self._turns:
                if await request.is_disconnected():
                    raise HTTPException(503, "The client has gone.")
                start = self._clock()
                self._began = self._began or start
                yield
                self._durations.append(self._clock() - start)
        finally:
            self._before -= 1
            self._known.set()

    def expected_wait(self) -> float:
        """Seconds until a request that comes now would have its turn."""
        if self._before < self._at_once:
            return 0.0
        lasted = sorted(self._durations) or [self._clock() - self._began]
        one = statistics.fmean(lasted[:-1] or lasted)
        return self._before * one / self._at_once

    def _refuse_if_long(self) -> None:
        wait = self.expected_wait()
        if wait > LONGEST_WAIT:
            raise HTTPException(503, _explain(wait), {"Retry-After": str(math.ceil(wait))})


class RefuseEarly:
    """ASGI middleware: what its queue would refuse is refused before its body is read.

    Args:
        app: what answers the others.
        queues: by the ends of the paths that they are for.
    """

    def __init__(self, app: ASGIApp, queues: Mapping[str, Queue]) -> None:
        self.app, self.queues = app, queues

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the request on."""
        queue = self.queues.get(f"/{scope.get('path', '').rpartition('/')[2]}")
        wait = 0.0 if queue is None else queue.expected_wait()
        app = self.app if wait <= LONGEST_WAIT else refuse(503, _explain(wait), wait=wait)
        await app(scope, receive, send)


def _explain(wait: float) -> str:
    return f"Too many requests wait before this one: try again in {math.ceil(wait)} seconds."
