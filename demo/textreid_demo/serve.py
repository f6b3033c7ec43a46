"""The page on a port of this machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import gradio as gr
from starlette.middleware import Middleware

from textreid_demo.desk import Desk
from textreid_demo.page import ASSETS, EXAMPLES, build
from textreid_demo.security import Accounts, Guard, fetch_nothing, is_loopback, require_accounts

MAX_UPLOAD = "200mb"
MAX_WAITING = 64
AT_ONCE = 4


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
def running(
    desk: Desk,
    *,
    title: str = "Find people by describing them",
    examples: Sequence[str] = EXAMPLES,
    host: str = "127.0.0.1",
    port: int | None = None,
    accounts: Accounts = (),
    open_browser: bool = False,
) -> Iterator[str]:
    """Serve the page while the `with` block runs.

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
        textreid.errors.InputError: other machines can reach `host` and there are no accounts.
        OSError: the port is taken.
    """
    require_accounts(host, accounts)
    before = os.environ.get("GRADIO_TEMP_DIR")
    with tempfile.TemporaryDirectory(prefix="textreid-uploads-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        page = build(desk, title, examples)
        page.queue(max_size=MAX_WAITING, default_concurrency_limit=AT_ONCE)
        fetch_nothing(page)
        try:
            _, url, _ = page.launch(
                server_name=host,
                server_port=port,
                auth=list(accounts) or None,
                inbrowser=open_browser,
                share=False,
                quiet=True,
                prevent_thread_lock=True,
                max_file_size=MAX_UPLOAD,
                max_threads=AT_ONCE * 4,
                run_history=False,
                enable_monitoring=False,
                ssr_mode=False,
                mcp_server=False,
                footer_links=["api", "settings"],
                theme=theme(),
                css_paths=ASSETS / "page.css",
                head=f"<script>{(ASSETS / 'page.js').read_text('utf-8')}</script>",
                app_kwargs={"middleware": [Middleware(Guard, local_only=is_loopback(host))]},
            )
            yield url
        finally:
            page.close(verbose=False)
            if before is None:
                del os.environ["GRADIO_TEMP_DIR"]
            else:
                os.environ["GRADIO_TEMP_DIR"] = before
