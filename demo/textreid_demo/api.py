"""The page's endpoints for programs: named, typed, and going through the same desk as the page.

Gradio hands their arguments over as the caller sent them, so each one is checked here before it is used.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from inspect import signature
from typing import Any

from textreid.errors import InputError
from textreid.service import answers
from textreid.service.desk import Desk
from textreid.service.limits import require_ids, require_text
from textreid.service.question import Question
from textreid.service.waiting import WaitingFiles
from textreid_demo.from_gradio import FileData, gr
from textreid_demo.uploads import find_upload, open_upload


def publish(desk: Desk, waiting: WaitingFiles) -> None:
    """Add the endpoints to the page that is being built; files come from `waiting`."""

    def search(
        text: str = "",
        image: FileData | None = None,
        camera: str = "",
        since: str = "",
        until: str = "",
        k: int = 20,
        more_like: list[str] | None = None,
        less_like: list[str] | None = None,
        false_alarms: float | None = None,
    ) -> list[dict[str, Any]]:
        """Find people by a description, an example photo, or both; best match first."""
        question = Question(
            text=_text(text, "text"),
            photo=None if image is None else open_upload(waiting, image),
            more=_ids(more_like, "more_like"),
            less=_ids(less_like, "less_like"),
            camera=_text(camera, "camera"),
            since=_text(since, "since"),
            until=_text(until, "until"),
            k=_number(k, "k"),
            false_alarms=_rate(false_alarms),
        )
        return desk.ask(question).to_dicts()

    def similar(
        id: str,
        camera: str = "",
        since: str = "",
        until: str = "",
        k: int = 20,
        false_alarms: float | None = None,
    ) -> list[dict[str, Any]]:
        """Find people who look like somebody in the gallery."""
        question = Question(
            like=_text(id, "id"),
            camera=_text(camera, "camera"),
            since=_text(since, "since"),
            until=_text(until, "until"),
            k=_number(k, "k"),
            false_alarms=_rate(false_alarms),
        )
        return desk.ask(question).to_dicts()

    def record(id: str) -> dict[str, Any]:
        """What is known about one person, with a JPEG thumbnail in base64 and who was seen around then."""
        return answers.describe_person(desk, _text(id, "id"))

    def frame(id: str) -> str:
        """The full image with the person's box drawn: a JPEG in base64."""
        return base64.b64encode(answers.draw_frame(desk, _text(id, "id"))).decode("ascii")

    def gallery() -> dict[str, Any]:
        """How many people the gallery holds, its cameras, and the model it was made with."""
        return answers.describe_gallery(desk)

    def add(files: list[FileData], crops: bool = False, camera: str = "") -> dict[str, Any]:
        """Add photos, zip files or videos; crops: each photo already shows one person, cut out."""
        if not isinstance(files, list) or not files:
            raise InputError("files: expected a list of uploaded files.")
        paths = [find_upload(waiting, file) for file in files]
        report = desk.add(paths, crops=bool(crops), camera=_text(camera, "camera") or None)
        return answers.describe_report(report)

    def delete(ids: list[str]) -> dict[str, int]:
        """Delete people: record, vector and thumbnail, and uploads from which nobody is left."""
        return {"deleted": desk.delete(_ids(ids, "ids"))}

    for endpoint in (search, similar, record, frame, gallery, delete):
        gr.api(_typed(endpoint), api_name=endpoint.__name__)
    gr.api(_typed(add), api_name="add", concurrency_id="add", concurrency_limit=1)


def _typed(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The same function with its types, which this module writes as text, where gradio reads them."""
    endpoint.__signature__ = signature(endpoint, eval_str=True)  # type: ignore[attr-defined]
    return endpoint


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name}: expected text.")
    return require_text(name, value)


def _number(value: object, name: str) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"{name}: expected a whole number, at least 1.")
    return value


def _rate(value: object) -> float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise InputError("false_alarms: expected a number, such as 0.05.")


def _ids(value: object, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(id, str) for id in value):
        raise InputError(f"{name}: expected a list of ids.")
    return tuple(require_ids(name, value))
