"""What stands in front of everything that is served: the guard, the door, and where sent files wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from textreid.service.accounts import Accounts, is_loopback, require_accounts
from textreid.service.amounts import BoundedBodies
from textreid.service.door import Door
from textreid.service.guard import Guard, Site
from textreid.service.outside import BelowPath
from textreid.service.waiting import WaitingFiles
from textreid.service.waiting_folder import waiting_folder

TIDY_SECONDS = 60.0
"""How often files that have waited for too long are looked for."""


@dataclass(frozen=True)
class Reception:
    """What the page and the HTTP service share while they are served.

    Attributes:
        site: what the server is called, and who may show it.
        door: who is let in.
        waiting: what was sent and is not used yet.
    """

    site: Site
    door: Door
    waiting: WaitingFiles

    def protect(self, routes: Sequence[BaseRoute]) -> Starlette:
        """These routes, which no other website reaches and to which no more comes than there is room for."""
        around = [
            Middleware(BelowPath, path=self.site.path),
            Middleware(Guard, site=self.site),
            Middleware(BoundedBodies, waiting=self.waiting),
        ]
        return Starlette(routes=routes, middleware=around)


@contextmanager
def open_reception(
    host: str, accounts: Accounts, *, public_url: str | None = None, framed_by: str | None = None
) -> Iterator[Reception]:
    """A reception for a server on `host`, whose waiting files are gone after the `with` block.

    Raises:
        InputError: other machines can reach `host` and there are no accounts, or an address is none.
    """
    require_accounts(host, accounts)
    site = Site(is_loopback(host), public_url, framed_by)
    closed = threading.Event()
    with waiting_folder() as folder:
        waiting = WaitingFiles(folder)

        def tidy() -> None:
            while not closed.wait(TIDY_SECONDS):
                waiting.tidy()

        threading.Thread(target=tidy, daemon=True).start()
        try:
            yield Reception(site, Door(accounts), waiting)
        finally:
            closed.set()
