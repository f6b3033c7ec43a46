"""The gallery over HTTP: answers for programs, and who is let in."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.helpers.search_page import free_port
from tests.helpers.toy import draw_frame, draw_person
from textreid.errors import InputError
from textreid.service.desk import Desk
from textreid.service.http import serve_http
from textreid.service.waiting import Limits, WaitingFiles


@pytest.fixture
def service(desk: Desk) -> Iterator[httpx.Client]:
    with serve_http(desk, port=free_port()) as url, httpx.Client(base_url=url) as client:
        yield client


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def found(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [hit["id"] for hit in answer.json()]


def test_it_says_that_it_is_well_and_what_it_holds(service: httpx.Client) -> None:
    assert service.get("/health").json()["status"] == "ok"
    assert service.get("/gallery").json() == {"people": 7, "cameras": ["north", "south"], "model": "toy"}


def test_a_description_finds_people_as_the_desk_does(service: httpx.Client, desk: Desk) -> None:
    hits = service.post("/search", data={"text": "a red shirt and blue trousers", "k": 3}).json()
    expected = desk.search.search("a red shirt and blue trousers", k=3).to_dicts()
    assert [{**hit, "thumbnail": None} for hit in hits] == [{**hit, "thumbnail": None} for hit in expected]
    thumbnail = httpx.get(service.base_url.join(hits[0]["thumbnail"]))
    assert thumbnail.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(thumbnail.content)).size == (40, 100)


def test_a_photo_a_person_and_guides_are_queries_and_filters_hold(service: httpx.Client) -> None:
    photo = {"image": ("example.png", png(draw_person("purple", "brown")))}
    assert found(service.post("/search", files=photo, data={"k": "1"})) == ["south-2-purple"]
    both = service.post("/search", files=photo, data={"text": "green trousers", "k": "2"})
    assert set(found(both)) == {"south-2-purple", "south-3-orange"}
    assert found(service.post("/search", data={"like": "north-0-red", "k": "1"})) == ["south-2-red"]
    south = service.post("/search", data={"text": "red", "camera": "south", "since": "2026-03-01T13:00:30"})
    assert found(south) == ["south-3-orange"]
    guides = {"text": "a red shirt", "more_like": ["south-2-red"], "less_like": ["north-0-red"]}
    guided = found(service.post("/search", data=guides))
    assert guided[0] == "south-2-red"
    assert "north-0-red" not in guided


def test_a_person_and_the_frame(service: httpx.Client) -> None:
    person = service.get("/person", params={"id": "north-0-red"}).json()
    assert person["camera"] == "north"
    assert person["neighbours"][0]["id"] == "north-0-green"
    frame = service.get("/frame", params={"id": "north-0-red"})
    assert Image.open(io.BytesIO(frame.content)).size == (320, 160)


def test_what_is_added_can_be_deleted(service: httpx.Client, desk: Desk) -> None:
    files = [
        ("files", ("../yard.png", png(draw_frame([("pink", "orange")])[0]))),
        ("files", ("notes.txt", b"no image")),
    ]
    report = service.post("/add", files=files, data={"camera": "yard"}).json()
    assert (report["added"], len(report["skipped"])) == (1, 1)
    (pink,) = found(service.post("/search", data={"text": "a pink shirt", "k": "1"}))
    (stored,) = (desk.gallery.path / "uploads").iterdir()
    assert desk.gallery.get(pink).source == f"uploads/{stored.name}"
    assert service.post("/delete", data={"ids": [pink]}).json() == {"deleted": 1}
    assert list((desk.gallery.path / "uploads").iterdir()) == []
    assert service.get("/person", params={"id": pink}).status_code == 404


def test_a_bad_argument_is_answered_with_a_sentence(service: httpx.Client) -> None:
    for path, data, status, message in (
        ("/search", {}, 400, "Nothing to search for"),
        ("/search", {"text": "x" * 1001}, 400, "at most 1000 characters"),
        ("/search", {"text": "x", "k": "0"}, 400, "k: "),
        ("/search", {"text": "x", "k": "many"}, 400, "k: "),
        ("/search", {"text": "x", "k": "481"}, 400, "k: at most 480 people"),
        ("/search", {"text": "x", "since": "soon"}, 400, "'soon' is not a date and time"),
        ("/search", {"more_like": "nobody"}, 404, "nobody"),
        ("/delete", {"ids": ["nobody"]}, 404, "nobody"),
        ("/add", {}, 400, "files: "),
        ("/nothing", {}, 404, "Not Found"),
    ):
        answer = service.post(path, data=data)
        assert (answer.status_code, message in answer.json()["error"]) == (status, True), answer.text
    broken = service.post("/search", files={"image": ("broken.jpg", b"not an image")})
    assert "The example photo cannot be used" in broken.json()["error"]


def test_other_names_and_other_websites_are_refused(service: httpx.Client) -> None:
    for headers in (
        {"host": "evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
    ):
        answer = service.post("/delete", data={"ids": ["north-0-red"]}, headers=headers)
        assert answer.status_code == 403, headers
    own = str(service.base_url).removesuffix("/api/v1/")
    assert service.get("/gallery", headers={"origin": own}).json()["people"] == 7
    assert "access-control-allow-origin" not in service.get("/gallery", headers={"origin": own}).headers


def test_an_account_is_needed_where_there_are_accounts(desk: Desk) -> None:
    with serve_http(desk, port=free_port(), accounts=[("ann", "se:cret"), ("bob", "two")]) as url:
        for auth in (None, ("ann", "wrong"), ("eve", "se:cret"), ("", "")):
            assert httpx.get(f"{url}/gallery", auth=auth).status_code == 401
        assert httpx.get(f"{url}/gallery", headers={"authorization": "Basic ?"}).status_code == 401
        assert httpx.get(f"{url}/gallery", auth=("ann", "se:cret")).status_code == 200
        assert httpx.get(f"{url}/gallery", auth=("bob", "two")).status_code == 200


@pytest.mark.parametrize("told", [True, False], ids=["its length told", "in chunks"])
def test_too_much_is_refused(desk: Desk, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    few = partial(WaitingFiles, limits=Limits(request=10_000))
    monkeypatch.setattr("textreid.service.reception.WaitingFiles", few)
    body = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nred\r\n--x--\r\n'.ljust(10_001)
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    sent = body if told else iter([body[:5000], body[5000:]])
    with serve_http(desk, port=free_port()) as url:
        assert httpx.post(f"{url}/search", content=sent, headers=form).status_code == 413


def test_it_does_not_start_for_everybody_or_on_a_port_that_is_taken(desk: Desk) -> None:
    with pytest.raises(InputError, match="--auth"), serve_http(desk, host="0.0.0.0", port=free_port()):
        pass
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=f"--port {port + 1}"), serve_http(desk, port=port):
            pass


def test_nothing_of_an_upload_stays_in_the_temporary_folder(
    service: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    photo = {"image": ("example.png", png(draw_person("purple", "brown")))}
    assert found(service.post("/search", files=photo, data={"k": "1"})) == ["south-2-purple"]
    assert list((tmp_path / "temporary").iterdir()) == []
