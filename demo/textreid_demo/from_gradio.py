"""All that the page uses of gradio.

Gradio makes HTTP clients as soon as it is imported, by the proxies that the environment names, and ends there
where one is of a kind that httpx cannot use. The page asks nobody for anything, so they are not shown to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@contextmanager
def environment(**variables: str | None) -> Iterator[None]:
    """Set these variables of the environment while the block runs; None takes one away."""
    before = {name: os.environ.get(name) for name in variables}
    _set(variables)
    try:
        yield
    finally:
        _set(before)


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


with environment(**dict.fromkeys((*PROXIES, *map(str.upper, PROXIES)))):
    import gradio as gr
    from gradio.data_classes import Base64ImageData, FileData, GradioModel
    from gradio.exceptions import Error
    from gradio.route_utils import FnIndexInferError, file_fetch, upload_fn
    from gradio.routes import App, file_upload_statuses

__all__ = [
    "App",
    "Base64ImageData",
    "Error",
    "FileData",
    "FnIndexInferError",
    "GradioModel",
    "environment",
    "file_fetch",
    "file_upload_statuses",
    "gr",
    "upload_fn",
]
