"""A gallery whose file has pages of every kind, and what it answers with one bit of it flipped."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.faults.bit_flips import flips
from tests.helpers.faults.questions import ID, Answers, ask_everything, differences, export
from tests.helpers.toy_gallery import embed, people
from textreid_index import Gallery, GalleryError, SourceState

PEOPLE = 200


@dataclass(frozen=True)
class Whole:
    """A gallery before anything is damaged.

    Attributes:
        folder: where it lies.
        answers: what it says to every question.
        exported: the files of an export.
    """

    folder: Path
    answers: Answers
    exported: dict[str, bytes]


def make_whole(place: Path) -> Whole:
    """Make a gallery of 200 people from 20 photos, some with large thumbnails."""
    records = people(PEOPLE)
    with Gallery.open(place / "g", create=True) as gallery:
        for first in range(0, PEOPLE, 10):
            found = records[first : first + 10]
            jpegs = [bytes(9000 if first % 50 == 0 else 300)] * 10
            state = SourceState(found[0].source, 1, 2, "hog", "done", 10, None, None, "5f" * 8, 1)
            gallery.add(found, embed([person.id for person in found], seed=first), jpegs, source=state)
    with Gallery.open(place / "g") as gallery:
        assert gallery.verify() == []
        return Whole(place / "g", ask_everything(gallery), export(gallery, place / "exported"))


def wrong_answers(whole: Whole, kind: str, count: int, place: Path, seed: int) -> list[tuple[int, list[str]]]:
    """Of so many flips those after which an answer is wrong and no error: their numbers and the questions."""
    wrong = []
    for number, folder in _damaged(whole, kind, count, place, seed):
        try:
            with Gallery.open(folder) as gallery:
                questions = differences(ask_everything(gallery), whole.answers)
        except GalleryError:
            continue
        if questions:
            wrong.append((number, questions))
    return wrong


def wrong_exports(whole: Whole, kind: str, count: int, place: Path, seed: int) -> list[int]:
    """Of so many flips those after which an export differs: their numbers."""
    wrong = []
    for number, folder in _damaged(whole, kind, count, place, seed):
        try:
            with Gallery.open(folder) as gallery:
                exported = export(gallery, place / "exported")
        except GalleryError:
            continue
        if not isinstance(exported, GalleryError) and exported != whole.exported:
            wrong.append(number)
    return wrong


def wrong_deletions(whole: Whole, kind: str, count: int, place: Path, seed: int) -> list[int]:
    """Of so many flips those after which somebody deleted is found, or others are gone: their numbers."""
    wrong = []
    for number, folder in _damaged(whole, kind, count, place, seed):
        try:
            with Gallery.open(folder) as gallery:
                deleted = gallery.delete([ID]) + gallery.forget("photos/p5.jpg")
                found = set(gallery.search(embed(["q"]), 1000)[0].ids)
        except GalleryError:
            continue
        if deleted != 11 or len(found) != PEOPLE - 11 or found & {ID, "p050", "p059"}:
            wrong.append(number)
    return wrong


def wrong_repairs(whole: Whole, kind: str, count: int, place: Path, seed: int) -> list[tuple[int, list[str]]]:
    """Of so many flips those after which a repaired gallery has problems or other people: what they are."""
    wrong = []
    for number, folder in _damaged(whole, kind, count, place, seed):
        try:
            with Gallery.open(folder) as gallery:
                deleted = gallery.repair()
                problems = gallery.verify()
                left = list(gallery.records())
        except GalleryError:
            continue
        others = [record for record in left if record not in whole.answers["records everybody"]]
        if problems or others or len(left) != PEOPLE - deleted:
            wrong.append((number, [*problems, f"{deleted} deleted, {len(left)} left", *map(str, others)]))
    return wrong


def _damaged(whole: Whole, kind: str, count: int, place: Path, seed: int) -> Iterator[tuple[int, Path]]:
    intact = (whole.folder / "gallery.sqlite").read_bytes()
    folder = place / "damaged"
    for number, database in enumerate(flips(intact, kind, count, random.Random(seed))):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole.folder, folder)
        (folder / "gallery.sqlite").write_bytes(database)
        yield number, folder
