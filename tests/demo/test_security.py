"""Who gets in, what the page answers to, and what it refuses to touch."""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests.helpers.toy import draw_person
from textreid.errors import InputError
from textreid.search.person_search import PersonSearch
from textreid.service.desk import Desk
from textreid.service.question import Question
from textreid_demo import serve
from textreid_demo.security import is_loopback, read_accounts, require_accounts
from textreid_demo.serve import running


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"])
def test_this_machine_needs_no_account(host: str) -> None:
    assert is_loopback(host)
    require_accounts(host, [])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
def test_other_machines_do(host: str) -> None:
    with pytest.raises(InputError, match="--auth USER:PASSWORD"):
        require_accounts(host, [])
    require_accounts(host, [("ann", "secret")])


def test_accounts_come_from_option_and_file(tmp_path: Path) -> None:
    file = tmp_path / "accounts.txt"
    file.write_text("ann:se:cret\n\nbob:two\n")
    assert read_accounts("eve:one", file) == [("eve", "one"), ("ann", "se:cret"), ("bob", "two")]
    assert read_accounts() == []


@pytest.mark.parametrize("pair", ["ann", "ann:", ":secret", ""])
def test_half_an_account_is_refused_without_showing_it(pair: str) -> None:
    with pytest.raises(InputError, match="USER:PASSWORD") as caught:
        read_accounts(pair)
    assert "secret" not in str(caught.value)


def test_a_file_without_accounts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(InputError, match="names no account"):
        read_accounts(None, tmp_path / "empty.txt")
    with pytest.raises(InputError, match="cannot be read"):
        read_accounts(None, tmp_path / "missing.txt")


def test_a_page_for_everybody_does_not_start_without_accounts(desk: Desk) -> None:
    with pytest.raises(InputError, match="--auth"), running(desk, host="0.0.0.0"):
        pass


def get(url: str, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of one request that is sent exactly as given."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def test_only_its_own_name_is_answered(url: str) -> None:
    assert get(url, "/config")[0] == 200
    assert get(url, "/config", Host="localhost:7860")[0] == 200
    status, _, text = get(url, "/config", Host="evil.example:7860")
    assert status == 403
    assert "http://localhost" in text


def test_the_browser_is_told_to_load_nothing_from_elsewhere(url: str) -> None:
    policy = get(url, "/")[1]["content-security-policy"]
    assert policy.startswith("default-src 'self'")
    assert "http" not in policy


def test_no_file_and_no_address_is_served(url: str) -> None:
    for path in (
        "file=/etc/passwd",
        "file=../../etc/passwd",
        "file=http://192.0.2.1/x.png",
        "proxy=https://a.example/",
    ):
        status, _, text = get(url, f"/gradio_api/{path}")
        assert status in (403, 404), path
        assert "root:" not in text


def test_an_account_is_needed_for_the_page_and_the_api(desk: Desk, port: int) -> None:
    with running(desk, port=port, accounts=[("ann", "secret")]) as url:
        for path in (
            "/config",
            "/gradio_api/info",
            "/gradio_api/call/search/1",
            "/gradio_api/file=/etc/passwd",
        ):
            assert get(url, path)[0] == 401
        with pytest.raises(Exception, match=r"(?i)credentials|auth|login"):
            Client(url, auth=("ann", "wrong"), verbose=False)
        client = Client(url, auth=("ann", "secret"), verbose=False)
        assert client.predict(api_name="/gallery")["people"] == 7
        client.close()


@pytest.fixture
def client(url: str) -> Client:
    return Client(url, verbose=False)


def test_the_api_reads_no_file_that_was_not_uploaded(client: Client, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    draw_person("red", "blue").save(secret)
    for image in ({"path": str(secret)}, {"path": "/etc/passwd"}, {"path": f"{secret}\0"}, str(secret), 7):
        with pytest.raises(AppError, match="Upload the file first"):
            client.predict(text="", image=image, api_name="/search")
    with pytest.raises(AppError, match="Upload the file first"):
        client.predict(files=[{"path": str(secret)}], api_name="/add")
    with pytest.raises(AppError):
        client.predict(
            text="", image={"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}, api_name="/search"
        )
    assert secret.exists()


def test_the_api_opens_no_connection_for_an_address(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.png"
        image = {"path": address, "url": address, "meta": {"_type": "gradio.FileData"}}
        with pytest.raises(AppError):
            client.predict(text="", image=image, api_name="/search")
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "text", ["/etc/passwd.png", "http://192.0.2.1/x.png", "file:///etc/hostname", "..\\x.jpg"]
)
def test_a_description_that_looks_like_a_path_is_a_description(
    desk: Desk, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError(f"touched {args}")

    desk.ask(Question(text="warm up"))
    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("io.open", refuse)
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert len(desk.ask(Question(text=text))) == 7


@pytest.mark.parametrize(("size", "status"), [(900, 200), (1100, 413)])
def test_too_large_an_upload_is_refused(
    desk: Desk, port: int, size: int, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(serve.LAUNCH, "max_file_size", "1kb")
    head = b"--x\r\nContent-Disposition: form-data; name=files; filename=a.jpg\r\n\r\n"
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    with running(desk, port=port) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        connection.request("POST", "/gradio_api/upload", head + bytes(size) + b"\r\n--x--\r\n", form)
        assert connection.getresponse().status == status
        connection.close()


def test_a_port_that_is_taken_is_said_to_be(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=f"--port {port + 1}"), running(desk, port=port):
            pass


def test_uploads_are_gone_when_the_page_stops(desk: Desk, port: int, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    draw_person("red", "blue").save(photo)
    with running(desk, port=port) as url:
        client = Client(url, verbose=False)
        hits = client.predict(image=handle_file(str(photo)), api_name="/search")
        assert hits[0]["id"] in ("north-0-red", "south-2-red")
        folder = Path(os.environ["GRADIO_TEMP_DIR"])
        assert any(file.name == "photo.png" for file in folder.rglob("*"))
        assert folder.stat().st_mode & 0o077 == 0
        client.close()
    assert not folder.exists()


def test_searches_are_logged_only_when_asked(search: PersonSearch, tmp_path: Path) -> None:
    folder = search.gallery.path.parent
    before = set(folder.rglob("*"))
    Desk(search).ask(Question(text="a red shirt"))
    assert set(folder.rglob("*")) == before
    log = tmp_path / "searches.jsonl"
    with PersonSearch.open(search.gallery.path, encoder=search.encoder, log=log) as logged:
        Desk(logged).ask(Question(text="a red shirt", camera="north"))
    entry = json.loads(log.read_text("utf-8"))
    assert entry["text"] == "a red shirt"
    assert entry["where"]["camera"] == "north"
    assert len(entry["ids"]) == 4
