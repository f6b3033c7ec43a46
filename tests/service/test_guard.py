"""What other websites send is refused; what a browser is told stays at home."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from tests.helpers.asgi import ask
from tests.helpers.in_a_loop import run_in_a_loop
from textreid.errors import InputError
from textreid.service.guard import Guard, Site

HOST = "127.0.0.1:7860"
LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


async def inside(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that sets cookies and CORS headers as gradio does."""
    await receive()
    answer = PlainTextResponse("inside", headers={"access-control-allow-origin": "*"})
    answer.set_cookie("token", "1", samesite="none", secure=True, httponly=True)
    answer.set_cookie("plain", "2")
    await answer(scope, receive, send)


def status(site: Site, method: str = "POST", path: str = "/api/v1/delete", **headers: str) -> int:
    told = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return ask(Guard(inside, site), path, method, told).status


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE", "PUT", "HEAD"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://127.0.0.1:7861"},
        {"origin": "http://127.0.0.1"},
        {"origin": f"http://{HOST}.evil.example"},
        {"origin": f"http://{HOST}@evil.example"},
        {"origin": "http://["},
        {"origin": "http://127.0.0.2:7860"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": f"http://{HOST}", "sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "document"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/config", "/api/v1/gallery"])
def test_what_other_websites_send_is_refused(method: str, headers: dict[str, str], path: str) -> None:
    assert status(Site(), method, path, **headers) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": f"http://{HOST}"},
        {"origin": f"HTTP://{HOST}", "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
    ],
)
def test_programs_and_the_own_page_are_let_in(headers: dict[str, str]) -> None:
    assert status(Site(), **headers) == 200


@pytest.mark.parametrize(
    ("method", "path", "change", "expected"),
    [
        ("GET", "/", {}, 200),
        ("POST", "/", {}, 403),
        ("GET", "/logout", {}, 403),
        ("GET", "/gradio_api/file=/etc/passwd", {}, 403),
        ("GET", "/api/v1/gallery", {}, 403),
        ("GET", "/", {"sec-fetch-mode": "cors"}, 403),
        ("GET", "/", {"sec-fetch-dest": "iframe"}, 403),
        ("GET", "/", {"sec-fetch-dest": "embed"}, 403),
    ],
)
def test_a_link_opens_the_page_itself_and_nothing_else(
    method: str, path: str, change: dict[str, str], expected: int
) -> None:
    assert ask(Guard(inside, Site()), path, method, {"host": HOST, **LINK, **change}).status == expected


def test_a_refusal_comes_before_the_body_is_read() -> None:
    asked = []

    async def receive() -> Message:
        asked.append("body")
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Message) -> None:
        asked.append(message["type"])

    headers = [(b"host", HOST.encode()), (b"origin", b"https://evil.example")]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    run_in_a_loop(Guard(inside, Site())(scope, receive, send))
    assert asked == ["http.response.start", "http.response.body"]


def test_a_socket_of_another_website_is_closed_before_it_is_open() -> None:
    sent = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    headers = [(b"host", HOST.encode()), (b"origin", b"https://evil.example")]
    scope: dict[str, Any] = {"type": "websocket", "path": "/", "headers": headers}
    run_in_a_loop(Guard(inside, Site())(scope, receive, send))
    assert sent == ["websocket.close"]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.255.1.2:7860", "[::1]:7860", "[::1]"]
)
def test_this_machine_goes_by_all_its_names(host: str) -> None:
    assert status(Site(), host=host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "128.0.0.1", "[::2]", "", "localhost@evil.example", "["],
)
def test_no_other_name_is_answered_while_the_server_is_for_this_machine_alone(host: str) -> None:
    assert status(Site(), host=host) == 403


def test_two_names_at_once_are_refused() -> None:
    assert ask(Guard(inside, Site()), "/", "GET", [("host", HOST), ("host", HOST)]).status == 403


@pytest.mark.parametrize("local_only", [True, False])
def test_the_public_name_is_own_whatever_a_server_in_front_passes_on(local_only: bool) -> None:
    site = Site(local_only, public_url="https://People.example/people")
    for host in (HOST, "people.example", "people.example:443"):
        assert status(site, host=host, origin="https://people.example") == 200
        assert status(site, host=host, origin="https://people.example:8443") == 403
        assert status(site, host=host, origin="https://people.example.evil") == 403
    assert status(Site(local_only), host=HOST, origin="https://people.example") == 403


def test_no_cors_header_leaves_and_cookies_stay_with_the_site() -> None:
    answer = ask(Guard(inside, Site()), "/", "GET", {"host": HOST, "origin": f"http://{HOST}"})
    assert answer.body == b"inside"
    assert not [name for name, _ in answer.headers if name.startswith("access-control")]
    assert dict(answer.headers)["content-security-policy"].endswith("frame-ancestors 'none'")
    cookies = [value for name, value in answer.headers if name == "set-cookie"]
    assert cookies == ["token=1; HttpOnly; Path=/; Secure; SameSite=Lax", "plain=2; Path=/; SameSite=Lax"]


def test_one_website_may_show_it_in_a_frame_if_somebody_says_so() -> None:
    site = Site(framed_by="https://huggingface.co/spaces/somebody")
    frame = {"host": HOST, **LINK, "sec-fetch-dest": "iframe"}
    answer = ask(Guard(inside, site), "/", "GET", frame)
    assert answer.status == 200
    assert dict(answer.headers)["content-security-policy"].endswith("frame-ancestors https://huggingface.co")
    cookies = [value for name, value in answer.headers if name == "set-cookie"]
    assert all(cookie.endswith("; SameSite=None; Secure; Partitioned") for cookie in cookies)
    assert [cookie.lower().count("secure") for cookie in cookies] == [1, 1]
    assert ask(Guard(inside, site), "/config", "GET", frame).status == 403
    assert status(site, origin="https://huggingface.co") == 403


@pytest.mark.parametrize(
    "address",
    ["people.example", "ftp://people.example", "https://", "https://a b", "https://a;b", "https://a:x", ""],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InputError, match=r"--public-url .*https://people\.example"):
        Site(public_url=address)
    with pytest.raises(InputError, match="--framed-by"):
        Site(framed_by=address)
