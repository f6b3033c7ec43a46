"""`textreid serve`: a gallery over HTTP, for programs."""

from __future__ import annotations

from typing import Annotated

import typer

from textreid.cli._console import stderr
from textreid.cli._options import Auth, AuthFile, GalleryFolder, Log, ModelName, PublicUrl
from textreid.cli._stop import wait_for_stop


def run(
    gallery: GalleryFolder,
    host: Annotated[
        str, typer.Option(help="The address to listen on; others than this machine need --auth.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 7870,
    auth: Auth = None,
    auth_file: AuthFile = None,
    public_url: PublicUrl = None,
    log: Log = None,
    model: ModelName = None,
) -> None:
    """Answer searches over HTTP, without a page.

    The same service stands beside the page that `textreid demo` opens. Only this machine can reach it unless
    --host says otherwise, and then it asks who is there.

    Examples:
      textreid serve --gallery gallery
      textreid serve --gallery gallery --host 0.0.0.0 --auth-file accounts.txt --log searches.jsonl
    """
    from textreid.service.accounts import read_accounts, require_accounts
    from textreid.service.listening import require_free

    accounts = read_accounts(auth, auth_file)
    require_free(host, [port])
    require_accounts(host, accounts)

    from textreid.search.person_search import PersonSearch
    from textreid.service.desk import Desk
    from textreid.service.http import serve_http

    with PersonSearch.open(gallery, model=model, log=log) as search:
        with stderr().status("Loading the model ..."):
            _ = search.encoder  # loads it, so that the first search is as fast as the next
        with serve_http(Desk(search), host=host, port=port, accounts=accounts, public_url=public_url) as url:
            stderr().print(f"The service is at [bold]{url}[/]  Stop it with Ctrl+C.")
            wait_for_stop()
