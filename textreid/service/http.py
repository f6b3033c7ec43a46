"""A gallery over HTTP, for programs: the searches of the page without the page.

Endpoints that change or search take a form, so that photos travel as files; those that read take a query
string. All answer JSON but `/thumbnail` and `/frame`, which are JPEGs; an error is `{"error": "a sentence"}`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, File, Form, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Mount

from textreid.errors import TextReIDError
from textreid.io.installation import installed_version
from textreid.service import answers
from textreid.service.accounts import Accounts
from textreid.service.amounts import BoundedBodies, FewAtOnce
from textreid.service.desk import Desk
from textreid.service.door import BasicAuthentication, Door
from textreid.service.guard import Guard, Site
from textreid.service.limits import require_ids, require_text
from textreid.service.listening import listen
from textreid.service.question import Question, open_photo
from textreid.service.queueing import Queue, RefuseEarly
from textreid.service.reception import Reception, open_reception
from textreid.service.refusals import refuse
from textreid.service.waiting import TooMuchError, WaitingFiles
from textreid_index import GalleryError, UnknownPersonError

PREFIX = "/api/v1"
"""Where the service stands, alone or beside the page."""
MAX_REQUESTS = 1000
"""Requests at once; further ones are answered 503."""
SEARCHES_AT_ONCE = min(4, max(2, os.cpu_count() or 2))
"""Searches, and full images, that are worked on together; further ones wait for their turn."""
MAX_STEM, MAX_SUFFIX = 60, 10
"""Characters kept of a file's name: of four bytes each, a name has no more than a disk takes."""


def build_app(desk: Desk, *, accounts: Accounts = ()) -> FastAPI:
    """The service as an ASGI application, guarded by itself, for a server of your own.

    Args:
        desk: over the gallery.
        accounts: who may use it, by HTTP's basic authentication; empty: whoever can reach it.
    """
    waiting = WaitingFiles(Path(tempfile.gettempdir()))
    around = [
        Middleware(Guard, site=Site(local_only=False)),
        Middleware(BoundedBodies, waiting=waiting),
        *_inside(Door(accounts)),
    ]
    return _endpoints(desk, waiting, around)


def mount_service(desk: Desk, reception: Reception) -> Mount:
    """The service at `PREFIX`, for an application that `reception` protects."""
    return Mount(PREFIX, _endpoints(desk, reception.waiting, _inside(reception.door), reception.site.path))


def _inside(door: Door) -> list[Middleware]:
    return [Middleware(FewAtOnce, most=MAX_REQUESTS), Middleware(BasicAuthentication, door=door)]


def _endpoints(desk: Desk, waiting: WaitingFiles, middleware: list[Middleware], below: str = "") -> FastAPI:
    searches, additions = Queue(SEARCHES_AT_ONCE), Queue(1)
    early = {"/search": searches, "/frame": searches, "/add": additions}
    app = FastAPI(
        title="textreid",
        version=installed_version(),
        docs_url=None,  # those pages load scripts from elsewhere
        redoc_url=None,
        middleware=[*middleware, Middleware(RefuseEarly, queues=early)],
    )
    app.add_exception_handler(TextReIDError, _explain)
    app.add_exception_handler(GalleryError, _explain)
    app.add_exception_handler(HTTPException, _explain_status)
    app.add_exception_handler(RequestValidationError, _explain_arguments)

    turn, adding = (Depends(queue, scope="function") for queue in (searches, additions))

    @app.get("/health")
    def health() -> dict[str, str]:
        """Whether the service answers, and its version."""
        return {"status": "ok", "version": installed_version()}

    @app.get("/gallery")
    def gallery() -> dict[str, Any]:
        """How many people the gallery holds, its cameras, and the model it was made with."""
        return answers.describe_gallery(desk)

    @app.post("/search", dependencies=[turn])
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
        with _received([image] if image else [], waiting) as files:
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
        root = below + request.scope.get("root_path", "")
        hits = desk.ask(question).to_dicts()
        return [{**hit, "thumbnail": f"{root}/thumbnail?{urlencode({'id': hit['id']})}"} for hit in hits]

    @app.get("/person")
    def person(id: str) -> dict[str, Any]:
        """What is known about one person, with a JPEG thumbnail in base64 and who was seen around then."""
        return answers.describe_person(desk, require_text("id", id))

    @app.get("/thumbnail", response_class=Response)
    def thumbnail(id: str) -> Response:
        """One person, cut out: a JPEG."""
        return Response(desk.gallery.thumbnail(require_text("id", id)), media_type="image/jpeg")

    @app.get("/frame", response_class=Response, dependencies=[turn])
    def frame(id: str) -> Response:
        """The full image with the person's box drawn: a JPEG."""
        return Response(answers.draw_frame(desk, require_text("id", id)), media_type="image/jpeg")

    @app.post("/add", dependencies=[adding])
    def add(
        files: Annotated[list[UploadFile], File()],
        crops: Annotated[bool, Form()] = False,
        camera: Annotated[str, Form()] = "",
    ) -> dict[str, Any]:
        """Add photos, zip files or videos; crops: each photo already shows one person, cut out."""
        camera = require_text("camera", camera)
        with _received(files, waiting) as paths:
            return answers.describe_report(desk.add(paths, crops=crops, camera=camera or None))

    @app.post("/delete")
    def delete(ids: Annotated[list[str], Form()]) -> dict[str, int]:
        """Delete people: record, vector and thumbnail, and uploads from which nobody is left."""
        return {"deleted": desk.delete(require_ids("ids", ids))}

    return app


@contextmanager
def serve_http(
    desk: Desk,
    *,
    host: str = "127.0.0.1",
    port: int = 7870,
    accounts: Accounts = (),
    public_url: str | None = None,
) -> Iterator[str]:
    """Serve the gallery over HTTP while the `with` block runs.

    Args:
        desk: over the gallery.
        host: address to listen on.
        port: port to listen on.
        accounts: who may use it; empty lets in everybody who can reach `host`.
        public_url: what it is called outside, where another server on this machine stands in front of it.

    Yields:
        The address of the service, `PREFIX` included.

    Raises:
        InputError: other machines can reach `host` and there are no accounts, or the port is taken.
    """
    with open_reception(host, accounts, public_url=public_url) as reception:
        app = reception.protect([mount_service(desk, reception)])
        with listen(app, host, [port], behind_another=public_url is not None) as url:
            yield f"{url}{PREFIX}"


@contextmanager
def _received(uploads: Sequence[UploadFile], waiting: WaitingFiles) -> Iterator[list[Path]]:
    """Uploads as files of their own names, in a private folder that is gone after the block."""
    if len(uploads) > waiting.limits.files:
        raise TooMuchError(f"A request may have {waiting.limits.files} files; these are {len(uploads)}.")
    with tempfile.TemporaryDirectory(prefix="textreid-uploads-", dir=waiting.folder) as folder:
        paths = []
        for number, upload in enumerate(uploads):
            path = Path(folder, str(number), _file_name(upload.filename))
            path.parent.mkdir()
            with path.open("wb") as file:
                shutil.copyfileobj(upload.file, file)
            paths.append(path)
        yield paths


def _file_name(told: str | None) -> str:
    """The last part of what a client calls a file, as far as a disk takes it."""
    name = Path((told or "").replace("\\", "/").replace("\0", "")).name
    stem, suffix = Path(name).stem, Path(name).suffix
    return f"{stem[:MAX_STEM]}{suffix[:MAX_SUFFIX]}" or "upload"


def _explain(_: Request, error: Exception) -> JSONResponse:
    status = 404 if isinstance(error, UnknownPersonError) else getattr(error, "status", 400)
    return refuse(status, str(error))


def _explain_status(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    answer = refuse(error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


def _explain_arguments(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    lines = [f"{'.'.join(map(str, wrong['loc'][1:]))}: {wrong['msg']}" for wrong in error.errors()]
    return refuse(400, "; ".join(lines))
