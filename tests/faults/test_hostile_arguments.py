"""Whatever a program sends, it gets an answer or a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unicodedata import category

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.faults.hostile_arguments import CALLS, FORMS, VALUES
from tests.helpers.page_calls import call, functions
from tests.helpers.served_page import served_page

HARMLESS = {"Zs", "Co", "Cn"}
"""Letters that act on nothing, though Python shows their numbers: spaces, private and unassigned ones."""
FEW = settings(max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("page")
    with served_page(folder) as (_, url), httpx.Client(base_url=url, timeout=10) as client:
        yield client


def assert_in_words(status: int, answer: Any) -> None:
    """An answer, or an error that is a sentence in printable letters."""
    assert status in (200, 400, 404, 413, 422)
    output = answer.get("output", answer)
    if status == 200 and answer.get("success", True):
        return
    said = output.get("error") or answer.get("message") or answer.get("detail")
    assert isinstance(said, str)
    assert len(said) > 10
    assert all(letter.isprintable() or category(letter) in HARMLESS for letter in said.replace("\n", ""))
    assert "Traceback" not in said
    assert "not your doing" not in said


@FEW
@given(number=st.integers(0, 60), data=CALLS, event=VALUES, trigger=st.integers(-1, 99) | st.none())
def test_every_function_of_the_page_answers_in_words(
    page: httpx.Client, number: int, data: list[Any], event: Any, trigger: int | None
) -> None:
    assert_in_words(*call(page, number, data, event_data=event, trigger_id=trigger))


def test_functions_are_asked_with_each_number_of_arguments(page: httpx.Client) -> None:
    asked = [
        (number, data)
        for number, kinds in functions(page).items()
        for data in ([None] * (len(kinds) + 1), [7] * len(kinds))
    ]
    with ThreadPoolExecutor(8) as pool:
        for status, told in pool.map(lambda one: call(page, *one), asked):
            assert_in_words(status, told)


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        "null",
        "",
        "{",
        '{"data": null}',
        '{"data": [' + "9" * 5000 + "]}",
        "[" * 100_000,
        '{"data": ["\\ud800"]}',
        '{"data": [], "session_hash": 7, "fn_index": "x"}',
        '{"data": ["a red shirt"], "fn_index": 99999}',
        b"\xff\xfe",
    ],
    ids=range(12),
)
@pytest.mark.parametrize("path", ["queue/join", "call/search", "call/nothing", "run/search", "run/nothing"])
def test_a_body_that_is_no_call_is_answered_in_words(
    page: httpx.Client, path: str, body: str | bytes
) -> None:
    headers = {"content-type": "application/json"}
    answer = page.post(f"/gradio_api/{path}", content=body, headers=headers)
    assert answer.status_code in (200, 400, 404, 422, 500), answer.text
    assert answer.headers["content-type"].startswith("application/json"), answer.text
    told = answer.json()
    if answer.status_code == 500:  # gradio's status for a function that says no
        assert isinstance(told["error"], str)
    elif answer.status_code != 200:
        assert told.get("error") or told.get("detail")


@FEW
@given(path=st.sampled_from(["search", "delete"]), form=FORMS)
def test_the_service_answers_in_words(page: httpx.Client, path: str, form: dict[str, str]) -> None:
    body = "&".join(f"{name}={_quote(value)}" for name, value in form.items())
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = page.post(f"/api/v1/{path}", content=body, headers=headers)
    told = json.loads(answer.content)
    assert_in_words(answer.status_code, {} if isinstance(told, list) else told)


def _quote(value: str) -> str:
    return "".join(f"%{byte:02x}" for byte in value.encode("utf-8", "surrogatepass"))
