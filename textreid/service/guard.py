"""What every answer of a server has in common: it is given in the server's own name, and stays at home."""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]"}
HEADERS = {
    "content-security-policy": (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""The browser is told to load nothing from elsewhere, and to tell nobody where it was."""


class Guard:
    """ASGI middleware: refuses what is addressed to another name, and adds `HEADERS` to every answer.

    A request under another host name is refused while the server is for this machine alone: else a site whose
    name was made to point at 127.0.0.1 (DNS rebinding) could read the gallery through a visitor's browser.
    """

    def __init__(self, app: ASGIApp, local_only: bool) -> None:
        self.app = app
        self.local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the request on and add headers to the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.local_only and _host_name(scope) not in LOCAL_NAMES:
            refusal = "This server answers on this machine only: open it as http://localhost."
            await PlainTextResponse(refusal, status_code=403)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _host_name(scope: Scope) -> str:
    """The name that the request is addressed to, without its port."""
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    return host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
