"""Who is let in: users by their passwords, for the page and for programs alike."""

from __future__ import annotations

import hashlib
import logging
import math
import secrets
from base64 import b64decode

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from textreid.io.printable import printable
from textreid.service.accounts import Accounts
from textreid.service.attempts import Attempts
from textreid.service.client import address_of
from textreid.service.refusals import refuse

logger = logging.getLogger("textreid.service")

NEEDED = "An account is needed: basic authentication with user and password."
LONGEST_NAME = 40
"""Characters of a user's name that the terminal is shown."""


class TooManyGuessesError(Exception):
    """The next guess has to wait: `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        return f"Too many wrong passwords: try again in {math.ceil(self.seconds)} seconds."


class Door:
    """The accounts of one server; guesses at their passwords are slowed and told on the terminal."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = [_digest(user, password) for user, password in accounts]
        self._attempts = Attempts()

    @property
    def is_locked(self) -> bool:
        """Whether an account is needed at all."""
        return bool(self._accounts)

    def knows(self, user: str, password: str, address: str) -> bool:
        """Whether this is an account; every account is compared, in the same time.

        Raises:
            TooManyGuessesError: it is too early for another guess, right or wrong.
        """
        account = hashlib.sha256(user.encode("utf-8", "replace")).hexdigest()
        wait = self._attempts.wait(account, address)
        if wait > 0:
            raise TooManyGuessesError(wait)
        given = _digest(user, password)
        if sum(secrets.compare_digest(given, known) for known in self._accounts):
            self._attempts.succeed(account, address)
            return True
        wait = self._attempts.fail(account, address)
        then = f"; the next guess has to wait {wait:.0f} s" if wait > 0 else ""
        logger.warning("Wrong password for %s from %s%s.", printable(user[:LONGEST_NAME]), address, then)
        return False


class BasicAuthentication:
    """ASGI middleware: a request without an account is not let in."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app = app
        self.door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the request on."""
        if scope["type"] == "http" and self.door.is_locked:
            given = _read_basic(Headers(scope=scope).get("authorization", ""))
            try:
                known = given is not None and self.door.knows(*given, address_of(scope))
            except TooManyGuessesError as error:
                await refuse(429, str(error), wait=error.seconds)(scope, receive, send)
                return
            if not known:
                refusal = refuse(401, NEEDED)
                refusal.headers["www-authenticate"] = 'Basic realm="textreid", charset="UTF-8"'
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _digest(user: str, password: str) -> bytes:
    return hashlib.sha256(f"{user}:{password}".encode("utf-8", "replace")).digest()


def _read_basic(header: str) -> tuple[str, str] | None:
    """User and password of a header, or None where it holds no pair."""
    kind, _, token = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, colon, password = b64decode(token, validate=True).decode("utf-8", "replace").partition(":")
    except ValueError:
        return None
    return (user, password) if colon else None
