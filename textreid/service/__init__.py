"""What the search page and an HTTP service share: what may be asked, by whom, and what becomes of uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.service.accounts import Accounts, is_loopback, read_accounts, require_accounts
    from textreid.service.desk import Desk
    from textreid.service.guard import Guard
    from textreid.service.http import build_app, serve_http
    from textreid.service.question import Question, open_photo
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = [
    "Accounts",
    "Desk",
    "Guard",
    "Question",
    "build_app",
    "is_loopback",
    "open_photo",
    "read_accounts",
    "require_accounts",
    "serve_http",
]
