"""Who gets in, what the page answers to, and what it refuses to touch."""

from __future__ import annotations

import http.client
import json
import os
import socket
from base64 import b64encode
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests.helpers.toy import draw_person
from textreid.errors import InputError
from textreid.service.desk import Desk
from textreid.service.waiting import Limits, WaitingFiles
from textreid_demo.serve import serve_page


def test_a_page_for_everybody_does_not_start_without_accounts(desk: Desk) -> None:
    with pytest.raises(InputError, match="--auth"), serve_page(desk, host="0.0.0.0"):
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
    for path in ("/config", "/api/v1/gallery"):
        status, _, text = get(url, path, Host="evil.example:7860")
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
    with serve_page(desk, port=port, accounts=[("ann", "secret")]) as url:
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
        assert get(url, "/api/v1/gallery")[0] == 401
        ann = {"Authorization": f"Basic {b64encode(b'ann:secret').decode()}"}
        assert json.loads(get(url, "/api/v1/gallery", **ann)[2])["people"] == 7


def test_guesses_at_a_password_are_slowed_for_the_page_and_the_service_together(
    desk: Desk, port: int
) -> None:
    page = serve_page(desk, port=port, accounts=[("ann", "secret")])
    with page as url, httpx.Client(base_url=url) as client:
        wrong = {"username": "ann", "password": "guess"}
        assert [client.post("/login", data=wrong).status_code for _ in range(20)] == [400] * 5 + [429] * 15
        late = client.post("/login", data={"username": "ann", "password": "secret"})
        assert (late.status_code, 0 < int(late.headers["retry-after"]) <= 30) == (429, True)
        assert client.get("/api/v1/gallery", auth=("ann", "secret")).status_code == 429
        forged = {"x-forwarded-for": "192.0.2.9"}
        assert client.get("/api/v1/gallery", auth=("ann", "secret"), headers=forged).status_code == 429
        assert client.get("/api/v1/health", auth=("bob", "guess")).status_code == 401


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


def test_too_large_an_upload_is_refused(desk: Desk, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    few = partial(WaitingFiles, limits=Limits(request=1200))
    monkeypatch.setattr("textreid.service.reception.WaitingFiles", few)
    head = b"--x\r\nContent-Disposition: form-data; name=files; filename=a.jpg\r\n\r\n"
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    with serve_page(desk, port=port) as url:
        for size, status in ((900, 200), (1200, 413)):
            connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
            connection.request("POST", "/gradio_api/upload", head + bytes(size) + b"\r\n--x--\r\n", form)
            assert connection.getresponse().status == status
            connection.close()


def test_a_port_that_is_taken_is_said_to_be(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=f"--port {port + 1}"), serve_page(desk, port=port):
            pass


def test_uploads_are_gone_when_the_page_stops(desk: Desk, port: int, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    draw_person("red", "blue").save(photo)
    with serve_page(desk, port=port) as url:
        client = Client(url, verbose=False)
        hits = client.predict(image=handle_file(str(photo)), api_name="/search")
        assert hits[0]["id"] in ("north-0-red", "south-2-red")
        folder = Path(os.environ["GRADIO_TEMP_DIR"])
        assert list(folder.iterdir()) == []  # an example photo is gone once it was read
        with photo.open("rb") as file:
            httpx.post(f"{url}gradio_api/upload", files={"files": file}).raise_for_status()
        assert any(file.name == "photo.png" for file in folder.rglob("*"))
        assert folder.stat().st_mode & 0o077 == 0
        client.close()
    assert not folder.exists()
