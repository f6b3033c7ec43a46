"""Files that wait are bounded, by client and in all, and what is used gives its room back."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.helpers.asgi import ask
from textreid.errors import InputError
from textreid.service.amounts import PLAIN_BYTES, BoundedBodies, FewAtOnce
from textreid.service.waiting import Limits, TooMuchError, WaitingFiles

FORM = {"content-type": "multipart/form-data; boundary=x"}
FEW = Limits(request=100, files=3, bytes=250, all_files=5, all_bytes=400, seconds=10)


@pytest.fixture
def waiting(tmp_path: Path) -> WaitingFiles:
    return WaitingFiles(tmp_path, FEW)


def files(waiting: WaitingFiles, *names: str, size: int = 10) -> list[Path]:
    made = [waiting.folder / name for name in names]
    for file in made:
        file.write_bytes(bytes(size))
    return made


def test_files_of_one_client_are_bounded_and_give_their_places_back(waiting: WaitingFiles) -> None:
    first = files(waiting, "a", "b", "c")
    waiting.keep("ann", first)
    with pytest.raises(TooMuchError, match="Of one client 3 files") as refused:
        waiting.keep("ann", files(waiting, "d"))
    assert refused.value.status == 429
    assert not (waiting.folder / "d").exists()
    first[0].unlink()
    waiting.keep("ann", files(waiting, "d"))
    assert waiting.find(str(waiting.folder / "d")).exists()


def test_files_of_all_clients_are_bounded(waiting: WaitingFiles) -> None:
    waiting.keep("ann", files(waiting, "a", "b", "c"))
    with pytest.raises(TooMuchError, match="Of all clients 5 files") as refused:
        waiting.keep("bob", files(waiting, "d", "e", "f"))
    assert refused.value.status == 503


def test_bytes_are_bounded_while_they_arrive_and_while_they_wait(waiting: WaitingFiles) -> None:
    waiting.keep("ann", files(waiting, "a", "b", size=100))
    with waiting.arriving("ann") as hold:
        hold(50)
        with pytest.raises(TooMuchError, match="Of one client 0 MB"):
            hold(51)
    with waiting.arriving("bob") as hold, waiting.arriving("eve") as other:
        hold(100)
        other(100)
        with waiting.arriving("eve") as third, pytest.raises(TooMuchError, match="Of all clients"):
            third(1)
    with waiting.arriving("eve") as hold:
        hold(100)
        with pytest.raises(TooMuchError, match="A request may have"):
            hold(101)


def test_what_waits_for_too_long_is_deleted(waiting: WaitingFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    (waiting.folder / "one").mkdir()
    (file,) = files(waiting, "one/a")
    waiting.keep("ann", [file])
    waiting.tidy()
    assert file.exists()
    monkeypatch.setattr("textreid.service.waiting.time", SimpleNamespace(monotonic=lambda: 10.0**9))
    waiting.tidy()
    assert list(waiting.folder.iterdir()) == []
    with pytest.raises(InputError, match="Upload the file first"):
        waiting.find(str(file))


def test_only_what_waits_is_found(waiting: WaitingFiles) -> None:
    waiting.keep("ann", files(waiting, "a"))
    files(waiting, "not given")
    folder = waiting.folder
    assert waiting.find(f"{folder}/a").exists()
    for name in (f"{folder}/not given", f"{folder}/../{folder.name}/a", f"{folder}//a", "a", "", 7, None, []):
        with pytest.raises(InputError, match="Upload the file first"):
            waiting.find(name)


async def length(scope: Scope, receive: Receive, send: Send) -> None:
    """How many bytes the application was given."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


def test_a_body_without_files_is_bounded_before_it_is_parsed(waiting: WaitingFiles) -> None:
    given = []

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        async for part in Request(scope, receive).stream():
            given.append(part)
        await PlainTextResponse("parsed")(scope, receive, send)

    app = BoundedBodies(inside, WaitingFiles(waiting.folder))
    assert ask(app, method="POST", body=[b"1", b"2"]).body == b"parsed"
    assert [part for part in given if part] == [b"12"]
    given.clear()
    part = bytes(PLAIN_BYTES // 2 + 1)
    for headers in ({}, {"content-length": str(2 * len(part))}, {"content-type": "application/json"}):
        answer = ask(app, method="POST", headers=headers, body=[part, part])
        assert (answer.status, b"1 MB" in answer.body) == (413, True)
        assert given == []


@pytest.mark.parametrize("told", [True, False], ids=["length told", "length not told"])
def test_a_body_with_files_is_bounded_as_it_comes(waiting: WaitingFiles, told: bool) -> None:
    app: ASGIApp = BoundedBodies(length, waiting)
    sizes = {size: {**FORM, **({"content-length": str(size)} if told else {})} for size in (100, 102)}
    assert ask(app, method="POST", headers=sizes[100], body=[bytes(50), bytes(50)]).body == b"100"
    assert ask(app, method="POST", headers=sizes[102], body=[bytes(51), bytes(51)]).status == 413
    assert ask(app, method="POST", headers=sizes[100], body=[bytes(50), bytes(50)]).body == b"100"


def test_only_so_many_requests_are_answered_at_once() -> None:
    statuses = []

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        """Answers after asking the same server twice more."""
        for _ in range(2):
            if len(statuses) < 2:
                statuses.append(0)
                sent = []

                async def note(message: dict, sent: list = sent) -> None:
                    sent.append(message)

                await app({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, note)
                statuses[-1] = sent[0]["status"]
        await PlainTextResponse("inside")(scope, receive, send)

    app = FewAtOnce(inside, most=1)
    assert ask(app).status == 200
    assert statuses == [503, 503]
    assert ask(app).status == 200
