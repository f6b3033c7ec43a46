"""No function of the page reads a file of this machine, in whatever form somebody names it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.helpers.page_calls import call, functions
from tests.helpers.served_page import served_page
from tests.helpers.toy import draw_person

META = {"meta": {"_type": "gradio.FileData"}}
FORMS = {
    "text": lambda path: path,
    "path": lambda path: {"path": path},
    "path with its mark": lambda path: {"path": path, **META},
    "path and address": lambda path: {"path": path, "url": path, **META},
    "address": lambda path: {"url": path, **META},
    "nothing and address": lambda path: {"path": None, "url": path, **META},
    "address of the page": lambda path: {"path": path, "url": f"/gradio_api/file={path}", **META},
    "data": lambda path: {"data": path, "name": path},
    "stream": lambda path: {"path": path, "orig_name": path, "is_stream": True, **META},
    "list": lambda path: [{"path": path, **META}],
    "list of text": lambda path: [path],
    "list in a list": lambda path: [[{"path": path, **META}]],
    "path in a path": lambda path: {"path": {"path": path, **META}, **META},
    "value": lambda path: {"value": {"path": path, **META}},
    "update": lambda path: {"__type__": "update", "value": {"path": path, **META}},
    "other mark": lambda path: {"path": path, "meta": {"_type": "gradio.ImageData"}},
}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with served_page(tmp_path_factory.mktemp("page")) as (_, url), httpx.Client(base_url=url) as client:
        yield client


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo that every function could use, if it came to see it."""
    photo = tmp_path_factory.mktemp("home") / "secret.png"
    draw_person("purple", "brown").save(photo)
    photo.with_name("link.png").symlink_to(photo)
    return photo


def file_arguments(page: httpx.Client) -> Iterator[tuple[int, int]]:
    """Number and place of each argument of the functions for programs that takes a file or several."""
    numbers = {of["api_name"]: of["id"] for of in page.get("/config").json()["dependencies"]}
    for name, function in page.get("/gradio_api/info").json()["named_endpoints"].items():
        for place, parameter in enumerate(function["parameters"]):
            if "filepath" in json.dumps(parameter["python_type"]) or "path" in json.dumps(parameter["type"]):
                yield numbers[name.strip("/")], place


def answer(page: httpx.Client, number: int, place: int, kinds: list[str], payload: Any, name: str) -> str:
    """What a function says when one of its arguments is this payload, without the name in it."""
    data: list[Any] = [None if kind == "state" else "" for kind in kinds]
    data[place] = payload
    status, message = call(page, number, data)
    output = message.get("output", message)
    for told in ("duration", "average_duration"):
        output.pop(told, None)
    return f"{status} {json.dumps(output)}".replace(name, "NAME")


def test_a_file_that_exists_and_one_that_does_not_are_answered_alike(
    page: httpx.Client, secret: Path
) -> None:
    there, missing = str(secret), str(secret.with_name("nobody.png"))
    named = set(file_arguments(page))
    places = [
        (number, place, kinds)
        for number, kinds in functions(page).items()
        for place, kind in enumerate(kinds)
        if kind in ("image", "file") or (number, place) in named
    ]
    assert len(places) == 4

    def ask(case: tuple[tuple[int, int, list[str]], str]) -> tuple[str, str]:
        where, form = case
        return tuple(answer(page, *where, FORMS[form](name), name) for name in (there, missing))

    cases = list(product(places, FORMS))
    with ThreadPoolExecutor(8) as pool:
        for case, (seen, unseen) in zip(cases, pool.map(ask, cases), strict=True):
            assert seen == unseen, case
            assert '"error": null' not in seen


def test_no_way_of_naming_it_helps(page: httpx.Client, secret: Path) -> None:
    paths = [
        f"file://{secret}",
        os.path.relpath(secret),
        f"/proc/self/root{secret}",
        f"/proc/self/cwd/{os.path.relpath(secret)}",
        "/proc/self/environ",
        "/dev/stdin",
        str(secret.with_name("link.png")),
        f"{secret.parent}/./{secret.name}",
        f"{secret}\0",
        f"\ud800{secret}",
        "~/.bashrc",
        "http://127.0.0.1:1/x.png",
        str(secret) + "x" * 5000,
    ]
    taking = {n: kinds for n, kinds in functions(page).items() if {"image", "file"} & set(kinds)}
    for number, kinds in taking.items():
        place = next(place for place, kind in enumerate(kinds) if kind in ("image", "file"))
        for path in paths:
            payload = {"path": path, **META} if kinds[place] == "image" else [{"path": path}]
            said = answer(page, number, place, kinds, payload, path)
            assert "Upload the file first" in said or "wrong form" in said, (path, said)
            assert "purple" not in said


def test_the_page_serves_no_file_that_was_not_uploaded(page: httpx.Client, secret: Path) -> None:
    for path in (str(secret), str(secret.with_name("nobody.png")), "/etc/passwd", f"..{secret}"):
        for way in ("file=", "file/", "proxy=", "file=/"):
            got = page.get(f"/gradio_api/{way}{path}")
            assert got.status_code == 404
            assert got.json()["error"] in (
                "Upload the file first: with gradio_client, wrap its path in handle_file(...).",
                "This page has no such address.",
            )


def test_what_was_uploaded_is_found_under_a_harmless_name(page: httpx.Client, secret: Path) -> None:
    for name in ("../../etc/passwd", "a\\b.png", ".", "..", "x" * 300 + ".png", "\u2028.png", "a b.png"):
        files = {"files": (name, secret.read_bytes())}
        sent = page.post("/gradio_api/upload", files=files)
        assert sent.status_code in (200, 400), sent.text
        for path in sent.json() if sent.status_code == 200 else []:
            assert len(Path(path).name.encode()) <= 255
            assert page.get(f"/gradio_api/file={path}").content == secret.read_bytes()
            assert Path(path).is_relative_to(Path(os.environ["GRADIO_TEMP_DIR"]))
