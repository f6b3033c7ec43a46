"""What may be asked, and what becomes of it."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from textreid.search.person_search import PersonSearch
from textreid.service.desk import Desk
from textreid.service.question import Question


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        (Question(text="a man"), "text"),
        (Question(text=" ", like="a"), "photo"),
        (Question(text="a man", like="a"), None),
        (Question(text="a man", more=("a",)), None),
        (Question(text="a man", less=("a",)), None),
        (Question(more=("a",)), None),
        (Question(), None),
    ],
)
def test_the_kind_of_a_question(question: Question, kind: str | None) -> None:
    assert question.kind == kind


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
