"""How much one request may bring, and how many may come at once, before anybody looks at them."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from textreid.service.client import address_of
from textreid.service.refusals import refuse
from textreid.service.waiting import MB, TooMuchError, WaitingFiles

PLAIN_BYTES = 1 * MB
"""Bytes of a body without files, such as JSON: it is read whole before it is parsed."""
BODILESS = ("GET", "HEAD", "OPTIONS")
AGAIN = 10
"""Seconds after which there may be room again."""


class BoundedBodies:
    """ASGI middleware: bodies are bounded, those with files by the room that `WaitingFiles` has for them."""

    def __init__(self, app: ASGIApp, waiting: WaitingFiles) -> None:
        self.app = app
        self.waiting = waiting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the request on with a body that stays within its bounds."""
        if scope["type"] != "http" or scope["method"] in BODILESS:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        with_files = headers.get("content-type", "").lower().startswith("multipart/form-data")
        told = headers.get("content-length", "0")
        come, answered, refusal = 0, False, None

        with self.waiting.arriving(address_of(scope)) as hold:

            def require(size: int) -> None:
                nonlocal refusal
                try:
                    if not with_files and size > PLAIN_BYTES:
                        raise TooMuchError(f"A request without files may have {PLAIN_BYTES // MB} MB.")
                    hold(size)
                except TooMuchError as error:
                    refusal = error
                    raise

            async def receive_bounded() -> Message:
                nonlocal come
                message = await receive()
                come += len(message.get("body", b""))
                require(come)
                return message

            async def send_unless_refused(message: Message) -> None:
                nonlocal answered
                if refusal is None:
                    answered = True
                    await send(message)

            try:
                require(int(told) if told.isdecimal() else 0)
                body = receive_bounded if with_files else _as_one(receive_bounded)
                await self.app(scope, body, send_unless_refused)
            except Exception:
                if refusal is None:
                    raise
            if refusal is not None and not answered:
                again = AGAIN if refusal.status in (429, 503) else None
                await refuse(refusal.status, str(refusal), wait=again)(scope, receive, send)


class FewAtOnce:
    """ASGI middleware: no more than so many requests at once."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the request on."""
        if scope["type"] == "http" and self._now >= self.most:
            await refuse(503, f"{self.most} requests are answered at once.", wait=AGAIN)(scope, receive, send)
            return
        self._now += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._now -= 1


def _as_one(receive: Receive) -> Receive:
    """The same messages, with the body as one, which has come whole before any of it is parsed."""
    come = False

    async def receive_whole() -> Message:
        nonlocal come
        if come:
            return await receive()
        parts, more = [], True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return message
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        come = True
        return {"type": "http.request", "body": b"".join(parts), "more_body": False}

    return receive_whole
