"""Who may reach the page, and what the page may reach.

The page listens on this machine alone unless it is given accounts. It answers requests that are addressed to
it by name, fetches nothing from anywhere, and tells the browser to load nothing from elsewhere either.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from textreid.errors import InputError

Accounts = Sequence[tuple[str, str]]

LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]"}
HEADERS = {
    "content-security-policy": (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_accounts(host: str, accounts: Accounts) -> None:
    """Refuse to show a gallery to a network without asking who is there.

    Raises:
        InputError: `host` can be reached from other machines and there are no accounts.
    """
    if not is_loopback(host) and not accounts:
        raise InputError(
            f"Anybody who can reach {host} would see this gallery. Add --auth USER:PASSWORD or "
            "--auth-file FILE, or leave --host out: the page then opens on this machine alone."
        )


def read_accounts(auth: str | None = None, auth_file: Path | None = None) -> Accounts:
    """User names and passwords from `user:password`, from a file with one such pair a line, or from both.

    Raises:
        InputError: a line is not a pair, or the file cannot be read. No message shows a password.
    """
    accounts = [_account(auth, "--auth")] if auth is not None else []
    if auth_file is not None:
        try:
            lines = auth_file.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"The accounts in {auth_file} cannot be read: {error}.") from None
        accounts += [
            _account(line, f"{auth_file}, line {n}") for n, line in enumerate(lines, 1) if line.strip()
        ]
        if not accounts:
            raise InputError(f"{auth_file} names no account. Write one USER:PASSWORD a line.")
    return accounts


def _account(pair: str, where: str) -> tuple[str, str]:
    user, _, password = pair.strip().partition(":")
    if not user or not password:
        raise InputError(
            f"{where}: an account is written USER:PASSWORD, both parts at least one character long."
        )
    return user, password


class Guard:
    """ASGI middleware: the page answers in its own name, proxies nothing, and keeps the browser at home.

    A request under another host name is refused while the page is for this machine alone: else a site whose
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
        if refusal := self._refusal(scope):
            await PlainTextResponse(refusal, status_code=403)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> str | None:
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        if self.local_only and name not in LOCAL_NAMES:
            return "This page answers on this machine only: open it as http://localhost."
        if any(part in scope["path"].lower() for part in ("file=http", "/proxy=")):
            return "This page fetches nothing from other addresses."
        return None


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
