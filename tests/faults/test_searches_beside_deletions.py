"""Somebody is deleted while a search runs: who is gone is left out, and the search never fails."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.toy import draw_person
from tests.helpers.toy_matcher import MixedUp, UpperAndLower
from textreid import PersonSearch
from textreid.search.contact_sheet import contact_sheet
from textreid.service.desk import Desk
from textreid.service.question import Question
from textreid_demo.handlers import Handlers, View
from textreid_index import Gallery, Hits, UnknownPersonError

OUTFITS = list(itertools.permutations(("red", "green", "blue", "yellow", "black"), 2))
TEXT = "a person in a red shirt and blue trousers"


class Interrupted(MixedUp):
    """A model whose every step can be told what happens beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.matcher = self
        self.toy = UpperAndLower()
        self.weight = 1.0
        self.beside: Callable[[str], None] = lambda step: None

    def encode_images(self, images: Sequence[Image.Image], *, batch_size: int = 64) -> np.ndarray:
        self.beside("encode_images")
        return super().encode_images(images)

    def encode_texts(self, texts: Sequence[str], *, batch_size: int = 64) -> np.ndarray:
        self.beside("encode_texts")
        return super().encode_texts(texts)

    def image_tokens(self, images: Sequence[Image.Image], *, batch_size: int = 64) -> list[np.ndarray]:
        self.beside("image_tokens")
        return self.toy.image_tokens(images)

    def text_tokens(self, text: str) -> np.ndarray:
        self.beside("text_tokens")
        return self.toy.text_tokens(text)

    def score_pairs(self, text_tokens: np.ndarray, image_tokens: Sequence[np.ndarray]) -> np.ndarray:
        self.beside("score_pairs")
        return self.toy.score_pairs(text_tokens, image_tokens)


@pytest.fixture
def model() -> Interrupted:
    return Interrupted()


@pytest.fixture
def people(tmp_path: Path, model: Interrupted) -> Iterator[PersonSearch]:
    folder = tmp_path / "photos"
    folder.mkdir()
    for upper, lower in OUTFITS:
        draw_person(upper, lower).save(folder / f"{upper}-{lower}.png")
    with PersonSearch.open(tmp_path / "gallery", create=True, encoder=model) as opened:
        opened.add(folder, crops=True)
        yield opened


@pytest.fixture
def other(people: PersonSearch) -> Iterator[Gallery]:
    """The same gallery in another program."""
    with Gallery.open(people.gallery.path) as gallery:
        yield gallery


@pytest.mark.parametrize(
    "step", ["encode_texts", "encode_images", "text_tokens", "image_tokens", "score_pairs"]
)
def test_whoever_goes_while_the_model_computes_is_no_error(
    people: PersonSearch, other: Gallery, model: Interrupted, step: str
) -> None:
    """All whom the search would find, and all by whom it is guided, go in the middle of a step."""
    first = people.search(TEXT, k=20).ids
    photo, reached = draw_person("red", "green"), set()
    searches: list[Callable[[PersonSearch], Hits]] = [
        lambda people: people.search(TEXT, k=5),
        lambda people: people.search(TEXT, image=photo, k=5, rerank=5),
        lambda people: people.search(TEXT, more_like=first[:2], less_like=first[2:4], k=5),
        lambda people: people.search(image=photo, less_like=first[:1], k=5),
    ]
    for search in searches:
        gone = search(people).ids[:2]

        def delete(now: str, gone: tuple[str, ...] = gone) -> None:
            if now == step:
                reached.add(gone)
                other.delete(gone)

        model.beside = delete
        assert len(search(PersonSearch.open(people.gallery, encoder=model))) == 5
        model.beside = lambda step: None
        assert not set(search(people).ids) & {id for ids in reached for id in ids}
    assert reached


def test_guides_who_are_gone_are_left_out(people: PersonSearch, other: Gallery) -> None:
    first, second, *_ = people.search(TEXT, k=20).ids
    other.delete([first])
    alone = people.search(more_like=[second], k=3)
    assert people.search(more_like=[first, second], k=3).ids == alone.ids
    assert first not in people.search(TEXT, more_like=[first], less_like=[first], k=20).ids
    with pytest.raises(UnknownPersonError, match=first):
        people.search(more_like=[first])
    with pytest.raises(UnknownPersonError, match=first):
        people.similar(first)


def test_pictures_of_hits_leave_out_who_went_since(people: PersonSearch, other: Gallery) -> None:
    hits = people.search(TEXT, k=4)
    whole = Desk(people).draw_contact_sheet(hits, "all")
    other.delete(hits.ids[:2])
    thumbnails = people.gallery.thumbnails(hits.ids)
    assert tuple(thumbnails) == hits.among(thumbnails).ids == hits.ids[2:]
    left, shown = Desk(people).draw_contact_sheet(hits, "all"), list(thumbnails.values())
    assert left.tobytes() == contact_sheet(hits.among(thumbnails), shown, title="all").tobytes()
    assert left.tobytes() != whole.tobytes()


def test_the_page_shows_who_is_left(people: PersonSearch, other: Gallery, model: Interrupted) -> None:
    page, (first, second, third, *_) = Handlers(Desk(people)), people.search(TEXT, k=20).ids

    def delete(step: str) -> None:
        other.delete([first])

    model.beside = delete
    view = View(Question(TEXT, more=(first, second), less=(third,), k=10))
    _, html, _ = page.refresh(view)
    assert f'data-id="{second}"' in html
    assert f'data-id="{first}"' not in html
    assert "Nobody" not in html


def test_searches_go_on_while_everybody_is_deleted_one_by_one(people: PersonSearch, other: Gallery) -> None:
    ids, failures, found = [person.id for person in people.gallery.records()], [], []
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            try:
                hits = people.search(TEXT, k=20)
                people.search(TEXT, more_like=ids[:1], less_like=ids[-1:], k=20)
                Desk(people).draw_contact_sheet(hits, "all")
                found.append(len(hits))
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for id in ids:
        other.delete([id])
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(found) > 3
    assert sorted(found, reverse=True)[0] <= len(OUTFITS)
    assert len(people.search(TEXT)) == 0
