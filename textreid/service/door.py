"""Who is let in to an HTTP service, and with how much."""

from __future__ import annotations

import secrets
from base64 import b64decode
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from textreid.service.accounts import Accounts

MAX_BYTES = 200_000_000
"""Largest body of a request."""
_TOO_LARGE = f"A request may have {MAX_BYTES // 1_000_000} MB."


def refuse(status: int, sentence: str) -> JSONResponse:
    """What every refusal and error looks like."""
    return JSONResponse({"error": sentence}, status_code=status)


class Door:
    """ASGI middleware: who comes from another website, without an account or with too much is not let in."""

    def __init__(self, app: ASGIApp, accounts: Accounts) -> None:
        self.app = app
        self.accounts = [f"{user}:{password}".encode() for user, password in accounts]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if _from_elsewhere(headers):
            await refuse(403, "This service answers no other website.")(scope, receive, send)
        elif not self._knows(headers.get("authorization", "")):
            refusal = refuse(401, "An account is needed: basic authentication with user and password.")
            refusal.headers["www-authenticate"] = 'Basic realm="textreid", charset="UTF-8"'
            await refusal(scope, receive, send)
        elif int(headers.get("content-length", "0")) > MAX_BYTES:
            await refuse(413, _TOO_LARGE)(scope, receive, send)
        else:
            await self.app(scope, _bounded(receive), send)

    def _knows(self, authorization: str) -> bool:
        """Whether a header names an account; every account is compared, in the same time."""
        kind, _, token = authorization.partition(" ")
        try:
            given = b64decode(token, validate=True) if kind.lower() == "basic" else b""
        except ValueError:
            given = b""
        return not self.accounts or sum(secrets.compare_digest(given, known) for known in self.accounts) > 0


def _from_elsewhere(headers: dict[str, str]) -> bool:
    """Whether a page of another website makes this request; programs and the own page do not."""
    origin = headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != headers.get("host")
    return foreign or headers.get("sec-fetch-site") in ("cross-site", "same-site")


def _bounded(receive: Receive) -> Receive:
    """Receive at most `MAX_BYTES`, whatever the request said of its length."""
    seen = 0

    async def receive_bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BYTES:
            raise HTTPException(413, _TOO_LARGE)
        return message

    return receive_bounded
