"""What the page answers: what it uses itself, and nothing else of what gradio could do."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from textreid.service.refusals import refuse

PATHS = {
    "/",
    "/config",
    "/favicon.ico",
    "/login",
    "/logout",
    "/manifest.json",
    "/robots.txt",
    "/theme.css",
    "/gradio_api/app_id",
    "/gradio_api/cancel",
    "/gradio_api/info",
    "/gradio_api/login_check",
    "/gradio_api/openapi.json",
    "/gradio_api/queue/data",
    "/gradio_api/queue/join",
    "/gradio_api/queue/status",
    "/gradio_api/reset",
    "/gradio_api/startup-events",
    "/gradio_api/theme.css",
    "/gradio_api/token",
    "/gradio_api/upload",
    "/gradio_api/upload_progress",
    "/gradio_api/user",
}
PREFIXES = (
    "/assets/",
    "/static/",
    "/svelte/",
    "/gradio_api/api/",
    "/gradio_api/call/",
    "/gradio_api/file=",
    "/gradio_api/heartbeat/",
    "/gradio_api/run/",
)


class OnlyWhatIsUsed:
    """ASGI middleware: gradio's other routes, some of which fetch, record or edit, are not there."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the request on."""
        path = scope.get("path", "")
        known = path in PATHS or path.rstrip("/") in PATHS or path.startswith(PREFIXES)
        if scope["type"] == "lifespan" or known:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refuse(404, "This page has no such address.")(scope, receive, send)
