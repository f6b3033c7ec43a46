"""Many searches at once: each is answered, or refused at once with the time to come again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

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


@pytest.mark.parametrize("served", ["alone", "beside the page"])
def test_nobody_waits_for_long_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: str
) -> None:
    monkeypatch.setattr("textreid.service.queueing.LONGEST_WAIT", 0.25)
    serve, prefix = (serve_http, "") if served == "alone" else (serve_page, "api/v1")
    with PersonSearch.open(tmp_path / "gallery", create=True, encoder=Slow()) as search:
        fill(search, tmp_path)
        with serve(Desk(search, detector=ToyDetector()), port=free_port()) as url:  # type: ignore[operator]
            address = f"{url.rstrip('/')}/{prefix}".rstrip("/")
            httpx.post(f"{address}/search", data={"text": "a red shirt"}).raise_for_status()
            answers = run_in_a_loop(ask_at_once(f"{address}/search"))
    assert {answer.status_code for answer in answers} == {200, 503}
    refused = [answer for answer in answers if answer.status_code == 503]
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert all("try again in" in answer.json()["error"] for answer in refused)
    assert all(len(answer.json()) == 7 for answer in answers if answer.status_code == 200)
    assert len(answers) - len(refused) >= 2
