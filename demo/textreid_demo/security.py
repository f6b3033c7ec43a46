"""What the page may reach: nothing. Gradio fetches addresses for whoever asks; the page never does.

Who may reach the page is decided in `textreid.service`, for the page and for programs alike.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from textreid.errors import InputError

FETCHING = ("file=http", "/proxy=")
"""What stands in the path of a request that gradio would answer with something from another address."""


class RefuseFetching:
    """ASGI middleware: requests that would make gradio fetch from another address are refused."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the request on."""
        if scope["type"] == "http" and any(part in scope["path"].lower() for part in FETCHING):
            refusal = PlainTextResponse("This page fetches nothing from other addresses.", status_code=403)
            await refusal(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def fetch_nothing(page: Any) -> None:
    """Make every component of a gradio page refuse an address where it expects an uploaded file.

    Gradio would download it; a search page that never opens a connection is easier to trust.
    """
    for block in page.blocks.values():
        if hasattr(block, "async_move_resource_to_block_cache"):
            block.async_move_resource_to_block_cache = _local(block.async_move_resource_to_block_cache)


def _local(move: Callable[..., Awaitable[str | None]]) -> Callable[..., Awaitable[str | None]]:
    async def move_local(path: str | Path | None) -> str | None:
        if isinstance(path, str) and "://" in path:
            raise InputError("Upload the file itself: this page fetches nothing from other addresses.")
        return await move(path)

    return move_local
