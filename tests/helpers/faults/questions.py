"""Everything that can be asked of a gallery, and whether the answers are right."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.helpers.toy_gallery import embed
from textreid_index import Gallery, GalleryError, Where

Answers = dict[str, Any]

WHERES = {
    "everybody": None,
    "camera": Where(camera="c1"),
    "time": Where(since=1_700_000_010, until=1_700_000_150),
    "camera and time": Where(camera="c2", since=1_700_000_010),
    "source": Where(source="photos/p3.jpg"),
    "folder": Where(source="photos"),
    "offset": Where(offset_since=20, offset_until=90),
    "exclude": Where(exclude=frozenset({"p003", "p077"})),
}
ID = "p042"


def ask_everything(gallery: Gallery) -> Answers:
    """The answers, or the error of the gallery where there is one.

    Raises:
        Exception: whatever else is raised, which is a fault.
    """
    return {question: _answer(ask) for question, ask in _questions(gallery)}


def export(gallery: Gallery, folder: Path) -> Any:
    """The files of an export, by name, or the error of the gallery."""
    return _answer(lambda: _export(gallery, folder))


def differences(answers: Answers, right: Answers) -> list[str]:
    """The questions whose answer is neither right nor an error of the gallery."""
    return [
        question
        for question, answer in answers.items()
        if not isinstance(answer, GalleryError) and answer != right[question]
    ]


def _answer(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except GalleryError as error:
        return error


def _questions(gallery: Gallery) -> Iterator[tuple[str, Callable[[], Any]]]:
    for name, where in WHERES.items():
        yield f"search {name}", lambda where=where: gallery.search(embed(["q"]), 7, where)[0].to_dicts()
        yield f"count {name}", lambda where=where: gallery.count(where)
        yield f"records {name}", lambda where=where: list(gallery.records(where))
    yield "search all", lambda: gallery.search(embed(["q"], seed=1), 1000)[0].to_dicts()
    yield "length", lambda: len(gallery)
    yield "get", lambda: gallery.get(ID)
    yield "thumbnail", lambda: gallery.thumbnail(ID)
    yield "vectors", lambda: gallery.vectors([ID, "p003"]).tolist()
    yield "sample", lambda: gallery.sample(9).tolist()
    yield "neighbours", lambda: gallery.neighbours(ID, 5)
    yield "cameras", gallery.cameras
    yield "sources", gallery.sources
    yield "source state", lambda: gallery.source_state("photos/p3.jpg")
    yield "encoder", lambda: gallery.encoder
    yield "numbers", lambda: (gallery.stats().people, gallery.stats().sources, gallery.stats().cameras)


def _export(gallery: Gallery, folder: Path) -> dict[str, bytes]:
    try:
        gallery.export(folder)
        return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
