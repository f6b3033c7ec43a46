"""Below a path of another server, which takes the path off or leaves it on."""

from __future__ import annotations

import pytest
from starlette.types import Message, Receive, Scope, Send

from tests.helpers.in_a_loop import run_in_a_loop
from textreid.service.guard import Site
from textreid.service.outside import BelowPath


def passed(path: str, below: str) -> tuple[list[tuple[str, bytes]], list[Message]]:
    """The path and the raw path with which a request reaches what is inside, and what is sent back."""
    seen, sent = [], []

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope["path"], scope["raw_path"]))

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    run_in_a_loop(BelowPath(inside, below)(scope | {"headers": []}, receive, send))
    assert scope["path"] == path, "what was given stays as it was"
    return seen, sent


@pytest.mark.parametrize(
    ("path", "below", "inside"),
    [
        ("/people/", "/people", "/"),
        ("/people/api/v1/search", "/people", "/api/v1/search"),
        ("/api/v1/search", "/people", "/api/v1/search"),
        ("/", "/people", "/"),
        ("/peoples/x", "/people", "/peoples/x"),
        ("/a/b/config", "/a/b", "/config"),
        ("/config", "", "/config"),
        ("/", "", "/"),
    ],
)
def test_the_path_is_taken_off_once(path: str, below: str, inside: str) -> None:
    assert passed(path, below)[0] == [(inside, inside.encode())]


def test_the_path_itself_leads_to_the_one_with_a_slash() -> None:
    seen, (start, _) = passed("/people", "/people")
    assert seen == []
    assert start["status"] in (301, 302, 307, 308)
    assert dict(start["headers"])[b"location"] == b"/people/"


@pytest.mark.parametrize(
    ("url", "path", "encrypted"),
    [
        (None, "", False),
        ("https://people.example", "", True),
        ("https://people.example/", "", True),
        ("https://people.example/people/", "/people", True),
        ("http://people.example:8080/a/b", "/a/b", False),
    ],
)
def test_what_a_public_address_says(url: str | None, path: str, encrypted: bool) -> None:
    site = Site(public_url=url)
    assert (site.path, site.is_encrypted) == (path, encrypted)
    assert site.has_name("people.example:99") == (url is not None)
    assert not site.has_name("other.example")
