"""Many searches at once: each is answered, or refused at once with the time to come again."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from tests.helpers.in_a_loop import run_in_a_loop
from tests.helpers.search_page import free_port
from tests.helpers.street import fill
from tests.helpers.toy import ToyDetector, ToyEncoder
from textreid.search.person_search import PersonSearch
from textreid.service.desk import Desk
from textreid.service.http import serve_http
from textreid_demo.serve import serve_page

CLIENTS = 100


class Slow(ToyEncoder):
    """A model that takes its time."""

    def encode_texts(self, texts: Sequence[str], *, batch_size: int = 64) -> np.ndarray:
        time.sleep(0.02)
        return super().encode_texts(texts)


async def ask_at_once(url: str) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:
        asked = [client.post(url, data={"text": f"a red shirt {number}"}) for number in range(CLIENTS)]
        return list(await asyncio.gather(*asked))


@contextmanager
def served_alone_or_beside_the_page(folder: Path, served: str) -> Iterator[str]:
    """The address of the service."""
    serve, prefix = (serve_http, "") if served == "alone" else (serve_page, "api/v1")
    with PersonSearch.open(folder / "gallery", create=True, encoder=Slow()) as search:
        fill(search, folder)
        with serve(Desk(search, detector=ToyDetector()), port=free_port()) as url:  # type: ignore[operator]
            yield f"{url.rstrip('/')}/{prefix}".rstrip("/")


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("served", ["alone", "beside the page"])
def test_whoever_would_wait_too_long_is_told_before_the_body_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: str, kind: str
) -> None:
    monkeypatch.setattr("textreid.service.queueing.LONGEST_WAIT", -1.0)
    with served_alone_or_beside_the_page(tmp_path, served) as address:
        url = urlsplit(address)
        with socket.create_connection((url.hostname, url.port), timeout=30) as connection:
            head = f"POST {url.path}/search HTTP/1.1\r\nHost: {url.netloc}\r\n"
            connection.sendall(f"{head}Content-Type: {kind}\r\nContent-Length: 9999\r\n\r\n".encode())
            answer = connection.recv(4096).decode().lower()
    assert answer.startswith("http/1.1 503 ")
    assert "\r\nretry-after: 0\r\n" in answer


@pytest.mark.parametrize("served", ["alone", "beside the page"])
def test_nobody_waits_for_long_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: str
) -> None:
    monkeypatch.setattr("textreid.service.queueing.LONGEST_WAIT", 0.25)
    with served_alone_or_beside_the_page(tmp_path, served) as address:
        answers = run_in_a_loop(ask_at_once(f"{address}/search"))
    assert {answer.status_code for answer in answers} == {200, 503}
    refused = [answer for answer in answers if answer.status_code == 503]
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert all("try again in" in answer.json()["error"] for answer in refused)
    assert all(len(answer.json()) == 7 for answer in answers if answer.status_code == 200)
    assert len(answers) - len(refused) >= 2
