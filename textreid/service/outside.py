"""A server that is called by a path of another one: below `https://people.example/people`, for instance."""

from __future__ import annotations

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class BelowPath:
    """ASGI middleware, outside of all others: takes the path off by which the server is called outside.

    The server in front may have taken it off already. The path itself leads to the one with a slash, where
    the addresses in the page are right.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self.app = app
        self.path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect, or pass the request on."""
        path = scope.get("path", "")
        if scope["type"] == "http" and path == self.path != "":
            await RedirectResponse(f"{self.path}/")(scope, receive, send)
            return
        if path.startswith(f"{self.path}/"):
            raw = scope.get("raw_path") or b""
            scope = {**scope, "path": path[len(self.path) :], "raw_path": raw[len(self.path) :]}
        await self.app(scope, receive, send)
