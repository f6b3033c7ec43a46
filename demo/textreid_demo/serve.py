"""The page on a port of this machine."""

from __future__ import annotations

import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware

from textreid._names import find_moved
from textreid.service.accounts import Accounts
from textreid.service.desk import Desk
from textreid.service.door import TooManyGuessesError
from textreid.service.http import mount_service
from textreid.service.listening import listen
from textreid.service.reception import Reception, open_reception
from textreid_demo.from_gradio import FnIndexInferError, environment, gr
from textreid_demo.login import SLOWED, RememberAddress, checker, explain
from textreid_demo.page import ASSETS, EXAMPLES, build
from textreid_demo.reach import SayUnreachable
from textreid_demo.security import OnlyWhatIsUsed
from textreid_demo.sentences import explain_arguments, explain_unknown, speak_in_sentences
from textreid_demo.uploads import add_routes, take_from

MAX_WAITING = 64
MAX_CONCURRENT = 4
MAX_SESSIONS = 256
NO_STATISTICS = {"GRADIO_ANALYTICS_MAX_EVENTS": "1", "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(2**62)}
"""Else gradio keeps the last 10,000 searches, and computes statistics of them all after each one."""
PORTS = range(7860, 7960)
"""Where the page looks for a free port."""


def theme() -> gr.themes.Base:
    """Quiet colours and a typeface that gradio itself carries: nothing is loaded from elsewhere."""
    sans = gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700))
    return gr.themes.Base(
        primary_hue="teal", neutral_hue="stone", radius_size="lg", font=[sans, "system-ui", "sans-serif"]
    ).set(
        body_background_fill="*neutral_50",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        body_background_fill_dark="*neutral_950",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_color="*neutral_200",
        block_border_color_dark="*neutral_800",
        input_background_fill="white",
        input_background_fill_dark="*neutral_900",
        input_border_width="1px",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_700",
        button_cancel_background_fill="*error_border_color",
        button_cancel_background_fill_dark="*error_border_color",
        button_cancel_text_color="white",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="white",
    )


@contextmanager
def serve_page(
    desk: Desk,
    *,
    title: str = "Find people by describing them",
    examples: Sequence[str] = EXAMPLES,
    host: str = "127.0.0.1",
    port: int | None = None,
    accounts: Accounts = (),
    open_browser: bool = False,
    public_url: str | None = None,
    framed_by: str | None = None,
) -> Iterator[str]:
    """Serve the page, and the HTTP service beside it at `/api/v1`, while the `with` block runs.

    Uploads wait in a folder that only this user can read, for an hour at most; it is removed at the end.

    Args:
        desk: the gallery to show.
        title: a line under the name.
        examples: descriptions to try with one click.
        host: address to listen on.
        port: port to listen on; None takes the first free one from 7860.
        accounts: who may log in; empty lets in everybody who can reach `host`.
        open_browser: whether to open the page in the browser of this machine.
        public_url: what the page is called outside, where another server on this machine stands in front,
            with its path: "https://people.example/people".
        framed_by: the website that may show the page in a frame, such as "https://huggingface.co".

    Yields:
        The address of the page.

    Raises:
        textreid.errors.InputError: other machines can reach `host` and there are no accounts, the port is
            taken, or an address is none.
    """
    with open_reception(host, accounts, public_url=public_url, framed_by=framed_by) as reception:
        app = reception.protect([mount_service(desk, reception)])
        ports = PORTS if port is None else [port]
        with environment(GRADIO_TEMP_DIR=str(reception.waiting.folder), **NO_STATISTICS):
            page = build(desk, reception.waiting, title, examples)
            _mount(page, app, reception)
            with listen(app, host, ports, behind_another=public_url is not None) as url:
                if open_browser:
                    webbrowser.open(url)
                try:
                    yield f"{url}/"
                finally:
                    page.close(verbose=False)  # else the server waits for browsers that have it open


def _mount(page: gr.Blocks, app: Starlette, reception: Reception) -> None:
    """Let gradio answer at the root of an application, with what it leaves open by default bounded or off."""
    page.max_threads, page.state_session_capacity = 4 * MAX_CONCURRENT, MAX_SESSIONS
    page.queue(max_size=MAX_WAITING, default_concurrency_limit=MAX_CONCURRENT)
    take_from(reception.waiting, page)
    speak_in_sentences(page)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        root_path=reception.site.public_url,
        auth=checker(reception.door),
        auth_message=SLOWED,
        app_kwargs={
            "middleware": [
                Middleware(OnlyWhatIsUsed),
                Middleware(RememberAddress),
                Middleware(SayUnreachable),
            ],
            "exception_handlers": {
                TooManyGuessesError: explain,
                RequestValidationError: explain_arguments,
                FnIndexInferError: explain_unknown,
                KeyError: explain_unknown,
            },
        },
        theme=theme(),
        css_paths=ASSETS / "page.css",
        head=f"<script>{(ASSETS / 'page.js').read_text('utf-8')}</script>",
        footer_links=["api", "settings"],
        show_error=False,
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        ssr_mode=False,
        pwa=False,
    )
    gradio = app.routes[-1].app  # type: ignore[attr-defined]  # the mount of gradio
    add_routes(gradio, page, reception.waiting)
    page.app, page.is_running, page.has_launched = gradio, True, True  # as `launch` would leave it


__getattr__ = partial(find_moved, __name__)
