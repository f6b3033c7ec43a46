"""Files that the page receives: nothing else on this machine can be named, whatever a caller sends.

Gradio looks for files in what callers send by marks that callers may leave out. So every component takes its
files from `WaitingFiles`, which knows what was uploaded and does not look at the disk.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from PIL.Image import Image
from starlette.formparsers import MultiPartException

from textreid.errors import InputError
from textreid.service.client import address_of
from textreid.service.question import open_photo
from textreid.service.refusals import refuse
from textreid.service.waiting import TooMuchError, WaitingFiles
from textreid_demo.from_gradio import (
    App,
    Base64ImageData,
    GradioModel,
    file_fetch,
    file_upload_statuses,
    gr,
    upload_fn,
)


def find_upload(waiting: WaitingFiles, payload: object) -> Path:
    """The uploaded file that somebody refers to.

    Raises:
        InputError: it is no uploaded file.
    """
    return waiting.find(_name(payload))


def open_upload(waiting: WaitingFiles, payload: object) -> Image:
    """The photo that somebody sent and refers to; its file is deleted, for nobody needs it again.

    Raises:
        InputError: it is no uploaded file, or cannot be used.
    """
    with waiting.using(_name(payload)) as file:
        return open_photo(file)


def _name(payload: object) -> object:
    if isinstance(payload, GradioModel):
        return getattr(payload, "path", None)
    return payload.get("path") if isinstance(payload, dict) else payload


def take_from(waiting: WaitingFiles, page: gr.Blocks) -> None:
    """Make every component of a page take files from `waiting` alone, and keep no copies of them.

    Gradio would fetch an address, and copy any file that it was told is an upload.
    """

    async def find(name: str | Path | None) -> str | None:
        return None if name is None else str(waiting.find(str(name)))

    for block in page.blocks.values():
        if hasattr(block, "async_move_resource_to_block_cache"):
            block.async_move_resource_to_block_cache = find


def one_photo(waiting: WaitingFiles) -> Any:
    """In place of a component's preprocessing: a function that opens its photo, once."""
    return lambda payload: partial(open_upload, waiting, payload) if payload else None


def show_uri(uri: str | None) -> Base64ImageData | None:
    """In place of an image's postprocessing: it is sent as a data URI, and no file is made of it."""
    return Base64ImageData(url=uri) if uri else None


def many_files(waiting: WaitingFiles) -> Any:
    """In place of a component's preprocessing: where its files lie."""

    def find(payload: Any) -> list[str]:
        files: Sequence[object] = getattr(payload, "root", payload) or ()
        return [str(find_upload(waiting, file)) for file in files]

    return find


def add_routes(app: App, page: gr.Blocks, waiting: WaitingFiles) -> None:
    """Put receiving and showing uploads before gradio's own routes, behind gradio's own login."""

    async def upload(request: Request, upload_id: str | None = None) -> Any:
        folder = Path(tempfile.mkdtemp(dir=waiting.folder))
        progress = file_upload_statuses if upload_id else None
        try:
            most = waiting.limits.request
            names, _, _ = await upload_fn(request, folder, most, upload_id, upload_progress=progress)
            waiting.keep(address_of(request.scope), [Path(name) for name in names])
        except MultiPartException as error:
            shutil.rmtree(folder)
            return refuse(400, error.message)
        except TooMuchError as error:
            shutil.rmtree(folder)
            return refuse(error.status, str(error))
        except BaseException:
            shutil.rmtree(folder)
            raise
        return names

    def file(name: str, request: Request) -> Response:
        try:
            path = waiting.find(name)
        except InputError as error:
            return refuse(404, str(error))
        return file_fetch(str(path), request, page, str(waiting.folder))

    logged_in = next(route.dependencies for route in app.routes if getattr(route, "path", "") == "/config")
    for path, endpoint, methods in (
        ("/gradio_api/upload", upload, ["POST"]),
        ("/gradio_api/file={name:path}", file, ["GET", "HEAD"]),
    ):
        app.add_api_route(path, endpoint, methods=methods, dependencies=logged_in, response_model=None)
        app.router.routes.insert(0, app.router.routes.pop())
