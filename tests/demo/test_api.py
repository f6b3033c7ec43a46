"""The page's endpoints for programs."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from tests.helpers.toy import draw_frame, draw_person
from textreid_index import Gallery

ENDPOINTS = {"/search", "/similar", "/record", "/frame", "/gallery", "/add", "/delete"}


def test_every_endpoint_is_named_and_typed(client: Client) -> None:
    info = client.view_api(return_format="dict", print_info=False)
    assert set(info["named_endpoints"]) == ENDPOINTS
    assert info["unnamed_endpoints"] == {}
    for endpoint in info["named_endpoints"].values():
        for value in (*endpoint["parameters"], *endpoint["returns"]):
            assert value["python_type"]["type"] not in ("Any", "")
    parameters = {p["parameter_name"]: p for p in info["named_endpoints"]["/search"]["parameters"]}
    assert list(parameters) == [
        "text",
        "image",
        "camera",
        "since",
        "until",
        "k",
        "more_like",
        "less_like",
        "false_alarms",
    ]
    assert parameters["k"]["python_type"]["type"] == "int"


def test_the_docs_list_every_endpoint() -> None:
    page = (Path(__file__).parents[2] / "docs" / "demo.md").read_text("utf-8")
    assert [name for name in sorted(ENDPOINTS) if f"`{name}`" not in page] == []


def test_search_answers_as_the_command_line_does(client: Client) -> None:
    hits = client.predict(text="a red shirt and blue trousers", k=3, api_name="/search")
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert list(hits[0]) == ["rank", "score", "id", "source", "box", "camera", "time"]
    assert hits[0]["id"] == "north-0-red"
    assert hits[0]["score"] == pytest.approx(1.0, abs=1e-3)
    assert hits[0]["box"] == [20.0, 30.0, 60.0, 130.0]
    assert hits[0]["time"] == "2026-03-01T12:00:00+00:00"


def test_the_service_beside_the_page_finds_the_same(client: Client, url: str) -> None:
    hits = client.predict(text="a red shirt", k=3, api_name="/search")
    beside = httpx.post(f"{url}api/v1/search", data={"text": "a red shirt", "k": 3}).json()
    assert [hit["id"] for hit in beside] == [hit["id"] for hit in hits]
    assert httpx.get(f"{url.rstrip('/')}{beside[0]['thumbnail']}").headers["content-type"] == "image/jpeg"


def test_filters_and_guides_apply(client: Client) -> None:
    south = client.predict(text="a red shirt", camera="south", api_name="/search")
    assert {hit["camera"] for hit in south} == {"south"}
    late = client.predict(text="a red shirt", since="2026-03-01T13:00:30", api_name="/search")
    assert [hit["id"] for hit in late] == ["south-3-orange"]
    guided = client.predict(
        text="a red shirt", more_like=["south-2-red"], less_like=["north-0-red"], api_name="/search"
    )
    assert guided[0]["id"] == "south-2-red"
    assert "north-0-red" not in [hit["id"] for hit in guided]


def test_a_photo_is_a_query(client: Client, tmp_path: Path) -> None:
    photo = tmp_path / "example.png"
    draw_person("purple", "brown").save(photo)
    assert client.predict(image=handle_file(str(photo)), k=1, api_name="/search")[0]["id"] == "south-2-purple"


def test_a_photo_may_be_any_image_file(client: Client, tmp_path: Path) -> None:
    person = draw_person("purple", "brown", (40, 100))
    printed, turned = tmp_path / "printed.jpg", tmp_path / "turned.jpg"
    person.convert("CMYK").save(printed)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    person.rotate(90, expand=True).save(turned, exif=exif)
    for file in (printed, turned):
        hit = client.predict(image=handle_file(str(file)), k=1, api_name="/search")[0]
        assert hit["id"] == "south-2-purple", file


def test_a_photo_that_cannot_be_used_is_refused(client: Client, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("empty.png", "text.jpg", "cut.png", "bomb.png")]
    files[0].write_bytes(b"")
    files[1].write_text("no image")
    draw_person("red", "blue", (400, 400)).save(files[2])
    files[2].write_bytes(files[2].read_bytes()[:200])
    Image.new("1", (12_000, 12_000)).save(files[3])
    for file in files:
        with pytest.raises(AppError, match="The example photo cannot be used"):
            client.predict(image=handle_file(str(file)), api_name="/search")


def test_similar_leaves_the_person_out(client: Client) -> None:
    hits = client.predict(id="north-0-red", k=2, api_name="/similar")
    assert hits[0]["id"] == "south-2-red"
    assert len(hits) == 2


def test_a_record_and_its_frame(client: Client) -> None:
    record = client.predict(id="north-0-red", api_name="/record")
    assert record["camera"] == "north"
    assert [near["id"] for near in record["neighbours"]] == [
        "north-0-green",
        "north-1-yellow",
        "north-1-blue",
    ]
    assert Image.open(io.BytesIO(base64.b64decode(record["thumbnail"]))).size == (40, 100)
    frame = client.predict(id="north-0-red", api_name="/frame")
    assert Image.open(io.BytesIO(base64.b64decode(frame))).size == (320, 160)


def test_what_is_added_can_be_deleted(client: Client, gallery: Gallery, tmp_path: Path) -> None:
    photo, text = tmp_path / "yard.png", tmp_path / "notes.txt"
    draw_frame([("pink", "orange")])[0].save(photo)
    text.write_text("no image")
    report = client.predict(
        files=[handle_file(str(photo)), handle_file(str(text))], camera="yard", api_name="/add"
    )
    assert report["added"] == 1
    assert [skipped["reason"] for skipped in report["skipped"]] == ["not a photo, video or zip file."]
    assert client.predict(api_name="/gallery") == {
        "people": 8,
        "cameras": ["north", "south", "yard"],
        "model": "toy",
    }
    found = client.predict(text="a pink shirt", k=1, api_name="/search")[0]
    assert list((gallery.path / "uploads").iterdir()) == [gallery.path / found["source"]]
    assert client.predict(ids=[found["id"]], api_name="/delete") == {"deleted": 1}
    assert list((gallery.path / "uploads").iterdir()) == []
    with pytest.raises(AppError, match=found["id"]):
        client.predict(id=found["id"], api_name="/record")
    with pytest.raises(AppError):
        client.predict(id=found["id"], api_name="/frame")


def test_a_bad_argument_is_named(client: Client) -> None:
    for endpoint, arguments, message in (
        ("/search", {"text": ""}, "Nothing to search for"),
        ("/search", {"text": "x" * 1001}, "at most 1000 characters"),
        ("/search", {"text": 5}, "text: expected text"),
        ("/search", {"text": "x", "k": 0}, "k: expected a whole number"),
        ("/search", {"text": "x", "k": 1.5}, "k: expected a whole number"),
        ("/search", {"text": "x", "k": 481}, "k: at most 480 people"),
        ("/similar", {"id": "north-0-red", "k": 10**9}, "k: at most 480 people"),
        ("/search", {"text": "x", "since": "soon"}, "'soon' is not a date and time"),
        ("/search", {"text": "x", "more_like": "one"}, "more_like: expected a list"),
        ("/search", {"more_like": ["nobody"]}, "nobody"),
        ("/similar", {"id": "nobody"}, "nobody"),
        ("/delete", {"ids": ["nobody"]}, "nobody"),
        ("/add", {"files": []}, "files: expected"),
    ):
        with pytest.raises(AppError, match=message):
            client.predict(**arguments, api_name=endpoint)


def test_a_large_k_is_bounded_by_the_gallery(client: Client) -> None:
    assert len(client.predict(text="red", k=480, api_name="/search")) == 7
