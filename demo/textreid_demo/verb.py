"""`textreid demo`: the search page."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textreid.cli._console import stderr
from textreid.cli._options import Auth, AuthFile, FramedBy, Log, ModelName, PublicUrl
from textreid.cli._stop import wait_for_stop

if TYPE_CHECKING:
    from textreid.search.person_search import PersonSearch

Gallery = Annotated[
    Path | None,
    typer.Option(
        "--gallery",
        metavar="DIR",
        envvar="TEXTREID_GALLERY",
        help="The gallery; one is made where there is none. Without it: drawn people, to try things out.",
        show_default=False,
    ),
]
Host = Annotated[
    str,
    typer.Option(
        envvar="GRADIO_SERVER_NAME", help="The address to listen on; others than this machine need --auth."
    ),
]
Port = Annotated[
    int, typer.Option(min=1, max=65535, envvar="GRADIO_SERVER_PORT", help="The port to listen on.")
]
Open = Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")]


def run(
    gallery: Gallery = None,
    host: Host = "127.0.0.1",
    port: Port = 7860,
    auth: Auth = None,
    auth_file: AuthFile = None,
    open: Open = False,
    public_url: PublicUrl = None,
    framed_by: FramedBy = None,
    log: Log = None,
    model: ModelName = None,
) -> None:
    """Open the search page: describe somebody or show a photo, and look at who comes first.

    Without --gallery the page shows drawn people, made once on this machine. Only this machine can reach it
    unless --host says otherwise, and then it asks who is there.

    Examples:
      textreid demo
      textreid demo --gallery gallery --open
      textreid demo --gallery gallery --host 0.0.0.0 --auth-file accounts.txt --log searches.jsonl
    """
    from textreid.service.accounts import read_accounts, require_accounts
    from textreid.service.listening import require_free

    accounts = read_accounts(auth, auth_file)
    require_free(host, [port])
    require_accounts(host, accounts)

    from textreid.service.desk import Desk
    from textreid_demo import built_in
    from textreid_demo.page import EXAMPLES
    from textreid_demo.serve import serve_page

    console = stderr()
    with ExitStack() as stack:
        with console.status("Loading the model ..."):
            search = stack.enter_context(_open(gallery, model, log))
        page = serve_page(
            Desk(search),
            title=f"Gallery {gallery.name}" if gallery else "Built-in gallery of drawn people",
            examples=EXAMPLES if gallery else built_in.EXAMPLES,
            host=host,
            port=port,
            accounts=accounts,
            open_browser=open,
            public_url=public_url,
            framed_by=framed_by,
        )
        console.print(f"The page is at [bold]{stack.enter_context(page)}[/]  Stop it with Ctrl+C.")
        wait_for_stop()


def _open(gallery: Path | None, model: str | None, log: Path | None) -> PersonSearch:
    """The gallery with its model loaded, so that the first search is as fast as the next."""
    from textreid.inference.encoder import Encoder
    from textreid.search.person_search import DEFAULT_MODEL, PersonSearch
    from textreid_demo import built_in

    if gallery is None:
        encoder = Encoder.load(model or DEFAULT_MODEL)
        return PersonSearch.open(built_in.prepare(encoder), encoder=encoder, log=log)
    search = PersonSearch.open(gallery, model=model, create=True, log=log)
    _ = search.encoder  # loads it, and tries it on an image and a text
    return search
