"""A gallery over HTTP, for programs: the searches of the page without the page.

Endpoints that change or search take a form, so that photos travel as files; those that read take a query
string. All answer JSON but `/thumbnail` and `/frame`, which are JPEGs; an error is `{"error": "a sentence"}`.
"""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, File, Form, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Mount

from textreid.errors import InputError, TextReIDError
from textreid.service import answers
from textreid.service.accounts import Accounts, is_loopback, require_accounts
from textreid.service.desk import Desk
from textreid.service.door import Door, refuse
from textreid.service.guard import Guard
from textreid.service.question import Question, open_photo
from textreid_index import GalleryError, UnknownPersonError

PREFIX = "/api/v1"
"""Where the service stands, alone or beside the page."""
MAX_REQUESTS = 64
"""Requests at once; further ones are answered 503."""


def build_app(desk: Desk, *, accounts: Accounts = ()) -> FastAPI:
    """The service as an ASGI application, to be mounted at `PREFIX` by whoever serves it.

    Args:
        desk: over the gallery.
        accounts: who may use it, by HTTP's basic authentication; empty: whoever can reach it.
    """
    app = FastAPI(
        title="textreid",
        version=version("textreid"),
        docs_url=None,  # those pages load scripts from elsewhere
        redoc_url=None,
        middleware=[Middleware(Door, accounts=accounts)],
    )
    app.add_exception_handler(TextReIDError, _explain)
    app.add_exception_handler(GalleryError, _explain)
    app.add_exception_handler(HTTPException, _explain_status)
    app.add_exception_handler(RequestValidationError, _explain_arguments)

    @app.get("/health")
    def health() -> dict[str, str]:
        """Whether the service answers, and its version."""
        return {"status": "ok", "version": version("textreid")}

    @app.get("/gallery")
    def gallery() -> dict[str, Any]:
        """How many people the gallery holds, its cameras, and the model it was made with."""
        return answers.describe_gallery(desk)

    @app.post("/search")
    def search(
        request: Request,
        text: Annotated[str, Form()] = "",
        image: Annotated[UploadFile | None, File()] = None,
        like: Annotated[str | None, Form()] = None,
        camera: Annotated[str, Form()] = "",
        since: Annotated[str, Form()] = "",
        until: Annotated[str, Form()] = "",
        k: Annotated[int, Form(ge=1)] = 20,
        more_like: Annotated[list[str] | None, Form()] = None,
        less_like: Annotated[list[str] | None, Form()] = None,
        false_alarms: Annotated[float | None, Form()] = None,
    ) -> list[dict[str, Any]]:
        """Find people by a description, an example photo, somebody in the gallery, or several together.

        Best match first; each hit names the path of its thumbnail.
        """
        with _received([image] if image else []) as files:
            question = Question(
                text=text,
                photo=open_photo(files[0]) if files else None,
                like=like,
                more=tuple(more_like or ()),
                less=tuple(less_like or ()),
                camera=camera,
                since=since,
                until=until,
                k=k,
                false_alarms=false_alarms,
            )
        root = request.scope.get("root_path", "")
        hits = desk.ask(question).to_dicts()
        return [{**hit, "thumbnail": f"{root}/thumbnail?{urlencode({'id': hit['id']})}"} for hit in hits]

    @app.get("/person")
    def person(id: str) -> dict[str, Any]:
        """What is known about one person, with a JPEG thumbnail in base64 and who was seen around then."""
        return answers.describe_person(desk, id)

    @app.get("/thumbnail", response_class=Response)
    def thumbnail(id: str) -> Response:
        """One person, cut out: a JPEG."""
        return Response(desk.gallery.thumbnail(id), media_type="image/jpeg")

    @app.get("/frame", response_class=Response)
    def frame(id: str) -> Response:
        """The full image with the person's box drawn: a JPEG."""
        return Response(answers.draw_frame(desk, id), media_type="image/jpeg")

    @app.post("/add")
    def add(
        files: Annotated[list[UploadFile], File()],
        crops: Annotated[bool, Form()] = False,
        camera: Annotated[str, Form()] = "",
    ) -> dict[str, Any]:
        """Add photos, zip files or videos; crops: each photo already shows one person, cut out."""
        with _received(files) as paths:
            return answers.describe_report(desk.add(paths, crops=crops, camera=camera or None))

    @app.post("/delete")
    def delete(ids: Annotated[list[str], Form()]) -> dict[str, int]:
        """Delete people: record, vector and thumbnail, and uploads from which nobody is left."""
        return {"deleted": desk.delete(ids)}

    return app


@contextmanager
def serve_http(
    desk: Desk, *, host: str = "127.0.0.1", port: int = 7870, accounts: Accounts = ()
) -> Iterator[str]:
    """Serve the gallery over HTTP while the `with` block runs.

    Args:
        desk: over the gallery.
        host: address to listen on.
        port: port to listen on.
        accounts: who may use it; empty lets in everybody who can reach `host`.

    Yields:
        The address of the service, `PREFIX` included.

    Raises:
        InputError: other machines can reach `host` and there are no accounts, or the port is taken.
    """
    require_accounts(host, accounts)
    address = host.strip("[]")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listener = socket.create_server((address, port), family=family)
    except OSError as error:
        raise InputError(f"{host}, port {port}: {error.strerror}. Name another: --port {port + 1}") from None
    app = Starlette(
        routes=[Mount(PREFIX, build_app(desk, accounts=accounts))],
        middleware=[Middleware(Guard, local_only=is_loopback(host))],
    )
    config = uvicorn.Config(app, log_level="warning", limit_concurrency=MAX_REQUESTS, server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://{f'[{address}]' if ':' in address else address}:{port}{PREFIX}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def _received(uploads: Sequence[UploadFile]) -> Iterator[list[Path]]:
    """Uploads as files of their own names, in a private folder that is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="textreid-uploads-") as folder:
        paths = []
        for number, upload in enumerate(uploads):
            name = Path((upload.filename or "upload").replace("\\", "/")).name or "upload"
            path = Path(folder, str(number), name)
            path.parent.mkdir()
            with path.open("wb") as file:
                shutil.copyfileobj(upload.file, file)
            paths.append(path)
        yield paths


def _explain(_: Request, error: Exception) -> JSONResponse:
    return refuse(404 if isinstance(error, UnknownPersonError) else 400, str(error))


def _explain_status(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return refuse(error.status_code, str(error.detail))


def _explain_arguments(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    lines = [f"{'.'.join(map(str, wrong['loc'][1:]))}: {wrong['msg']}" for wrong in error.errors()]
    return refuse(400, "; ".join(lines))
