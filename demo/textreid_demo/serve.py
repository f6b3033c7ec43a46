"""The page on a port of this machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import gradio as gr
from starlette.middleware import Middleware
from starlette.routing import Mount

from textreid._names import find_moved
from textreid.errors import InputError
from textreid.service import http
from textreid.service.accounts import Accounts, is_loopback, require_accounts
from textreid.service.desk import Desk
from textreid.service.guard import Guard
from textreid_demo.page import ASSETS, EXAMPLES, build
from textreid_demo.security import RefuseFetching, fetch_nothing

MAX_WAITING = 64
MAX_CONCURRENT = 4
LAUNCH = {
    "max_file_size": "200mb",
    "max_threads": 4 * MAX_CONCURRENT,
    "state_session_capacity": 256,
    "share": False,
    "run_history": False,
    "enable_monitoring": False,
    "mcp_server": False,
    "ssr_mode": False,
    "footer_links": ["api", "settings"],
    "prevent_thread_lock": True,
    "quiet": True,
    "_frontend": False,  # else a machine too busy to answer within 3 seconds counts as one without localhost
}
"""What gradio leaves open by default, bounded or switched off."""


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
) -> Iterator[str]:
    """Serve the page, and the HTTP service beside it at `/api/v1`, while the `with` block runs.

    Uploads wait in a folder that only this user can read; it is emptied hourly and removed at the end.

    Args:
        desk: the gallery to show.
        title: a line under the name.
        examples: descriptions to try with one click.
        host: address to listen on.
        port: port to listen on; None takes the first free one from 7860.
        accounts: who may log in; empty lets in everybody who can reach `host`.
        open_browser: whether to open the page in the browser of this machine.

    Yields:
        The address of the page.

    Raises:
        textreid.errors.InputError: other machines can reach `host` and there are no accounts, or the
            port is taken.
    """
    require_accounts(host, accounts)
    with _upload_folder():
        page = build(desk, title, examples)
        page.queue(max_size=MAX_WAITING, default_concurrency_limit=MAX_CONCURRENT)
        fetch_nothing(page)
        try:
            app, url, _ = page.launch(
                server_name=host,
                server_port=port,
                auth=list(accounts) or None,
                inbrowser=open_browser,
                app_kwargs={
                    "middleware": [
                        Middleware(Guard, local_only=is_loopback(host)),
                        Middleware(RefuseFetching),
                    ]
                },
                theme=theme(),
                css_paths=ASSETS / "page.css",
                head=f"<script>{(ASSETS / 'page.js').read_text('utf-8')}</script>",
                **LAUNCH,
            )
        except OSError:
            raise InputError(
                f"Port {port} of {host} is taken. Name another: --port {(port or 0) + 1}"
            ) from None
        app.router.routes.insert(0, Mount(http.PREFIX, http.build_app(desk, accounts=accounts)))
        try:
            yield url
        finally:
            page.close(verbose=False)


@contextmanager
def _upload_folder() -> Iterator[None]:
    """A private folder for gradio's uploads, removed at the end."""
    before = os.environ.get("GRADIO_TEMP_DIR")
    with tempfile.TemporaryDirectory(prefix="textreid-uploads-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        try:
            yield
        finally:
            del os.environ["GRADIO_TEMP_DIR"]
            if before is not None:
                os.environ["GRADIO_TEMP_DIR"] = before


__getattr__ = partial(find_moved, __name__)
