"""The page's login: gradio's form, and the door that programs pass too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from textreid.service.client import address_of
from textreid.service.door import Door, TooManyGuessesError
from textreid.service.refusals import refuse

SLOWED = "After some wrong passwords the next one has to wait for half a minute."
_address: ContextVar[str] = ContextVar("address")


class RememberAddress:
    """ASGI middleware: gradio does not tell whoever checks a password where it comes from."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        _address.set(address_of(scope))
        await self.app(scope, receive, send)


def checker(door: Door) -> Callable[[str, str], Awaitable[bool]] | None:
    """What gradio asks about user and password; None where no account is needed."""

    async def check(user: str, password: str) -> bool:
        return door.knows(user, password, _address.get())

    return check if door.is_locked else None


def explain(_: Request, error: Exception) -> Response:
    """The answer to a guess that comes too early."""
    assert isinstance(error, TooManyGuessesError)
    return refuse(429, str(error), wait=error.seconds)
