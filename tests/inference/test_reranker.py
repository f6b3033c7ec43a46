"""Re-ranking: whom it lifts, what a budget stops, what is kept in memory, and who may be asked."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.helpers.small_models import CAPTIONS, small_recipe, write_joint
from tests.helpers.toy import ToyEncoder, draw_person
from tests.helpers.toy_matcher import MixedUp, UpperAndLower, order_by_hand
from textreid import PersonSearch
from textreid.errors import InputError, ModelError
from textreid.inference.encoder import Encoder
from textreid.inference.reranker import (
    CACHED_IMAGES,
    CHUNK,
    NEIGHBOUR_VOTED_HITS,
    Reranker,
    blend,
    order_with_neighbours,
    reorder,
)
from textreid.models.folder import save_model
from textreid.models.pretrained.joint import start_model
from textreid.people.sightings import Sighting
from textreid_index import Hits, Record

COLOURS = ("red", "green", "blue", "yellow", "black", "white")
OUTFITS = list(itertools.permutations(COLOURS, 2))  # 30 people


def describe(upper: str, lower: str) -> str:
    return f"a person in a {upper} shirt and {lower} trousers"


@pytest.fixture
def people(tmp_path: Path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for upper, lower in OUTFITS:
        draw_person(upper, lower).save(folder / f"{upper}-{lower}.png")
    with PersonSearch.open(tmp_path / "gallery", create=True, encoder=MixedUp()) as opened:
        opened.add(folder, crops=True)
        yield opened


def first_right(people: PersonSearch, **options: int) -> float:
    """R@1 of a query for every outfit."""
    found = [people.search(describe(*outfit), k=1, **options)[0] for outfit in OUTFITS]
    right = [Path(hit.record.source).stem == "-".join(o) for hit, o in zip(found, OUTFITS, strict=True)]
    return float(np.mean(right))


def test_lifts_whom_the_text_describes(people: PersonSearch) -> None:
    assert first_right(people, rerank=0) <= 0.5
    assert first_right(people, rerank=2) == 1
    assert first_right(people) == 1  # the first 64 of a description alone


def test_a_photo_beside_the_description_is_read_when_asked_for_alone(people: PersonSearch) -> None:
    both = {"image": draw_person("red", "blue"), "k": 5}
    text = describe("red", "blue")
    assert all(hit.match is None for hit in people.search(text, **both))
    assert all(hit.match is not None for hit in people.search(text, rerank=5, **both))


def test_hits_tell_who_was_read(people: PersonSearch) -> None:
    hits = people.search(describe("red", "blue"), k=5, rerank=3)
    assert len(hits) == 5
    assert [hit.match is None for hit in hits] == [False, False, False, True, True]
    assert hits[0].match == pytest.approx(1 / (1 + np.exp(-4)), abs=0.02)  # of a logit of 8 * 1 - 4
    assert [("match" in row) for row in hits.to_dicts()] == [True, True, True, False, False]
    assert [hit.match for hit in people.search(describe("red", "blue"), k=2, rerank=0)] == [None, None]


def test_more_may_be_read_than_shown(people: PersonSearch) -> None:
    """The one person is not among the first two by cosine alone, if the other colours are seen worse."""
    hits = people.search(describe("red", "blue"), k=1, rerank=30)
    assert len(hits) == 1
    assert Path(hits[0].record.source).stem == "red-blue"


def test_no_budget_leaves_the_order_as_it_was(people: PersonSearch) -> None:
    text = describe("green", "white")
    plain, stopped = people.search(text, rerank=0), people.search(text, rerank=20, budget=0)
    assert stopped.ids == plain.ids
    np.testing.assert_array_equal(stopped.scores, plain.scores)
    assert all(hit.match is None for hit in stopped)


def rerank(
    reranker: Reranker, people: PersonSearch, text: str, hits: Hits, top: int, budget: float | None = None
) -> Hits:
    with people.gallery.snapshot() as now:
        candidates = reranker.read(now, hits.ids[:top])
    return reranker(text, hits, candidates, budget)


def ticking(step: float) -> Callable[[], float]:
    """A clock that goes on by so much whenever it is looked at."""
    ticks = itertools.count()
    return lambda: step * next(ticks)


@pytest.mark.parametrize(("budget", "read"), [(0.0, 0), (0.5, CHUNK), (1.9, CHUNK), (2.5, 30), (None, 30)])
def test_budget_stops_before_the_images_that_would_exceed_it(
    people: PersonSearch, budget: float | None, read: int
) -> None:
    """Every chunk takes a second here."""
    hits = people.search(describe("green", "white"), k=30, rerank=0)
    reranker = Reranker(UpperAndLower(), ticking(1.0))
    again = rerank(reranker, people, describe("green", "white"), hits, 30, budget)
    assert sum(hit.match is not None for hit in again) == read
    assert again.ids[read:] == hits.ids[read:]
    assert set(again.ids) == set(hits.ids)


def test_an_image_is_read_once_whatever_comes_and_goes(people: PersonSearch) -> None:
    matcher, hits = UpperAndLower(), people.search(describe("red", "blue"), k=30, rerank=0)
    reranker = Reranker(matcher)
    first = rerank(reranker, people, describe("red", "blue"), hits, 10)
    assert matcher.images_seen == 10
    assert rerank(reranker, people, describe("red", "blue"), hits, 10).ids == first.ids
    assert matcher.images_seen == 10
    rerank(reranker, people, describe("blue", "red"), hits, 12)
    assert matcher.images_seen == 12
    people.gallery.delete([hits.ids[-1]])
    people.add(draw_person("pink", "pink"), crops=True)
    rerank(reranker, people, describe("red", "blue"), hits, 12)
    assert matcher.images_seen == 12


def test_somebody_with_the_same_id_and_another_image_is_read(people: PersonSearch) -> None:
    """As after a second reading of a file: a key is never used again."""
    matcher, hits = UpperAndLower(), people.search(describe("red", "blue"), k=2, rerank=0)
    reranker = Reranker(matcher)
    rerank(reranker, people, describe("red", "blue"), hits, 2)
    other = next(person for person in people.gallery.records() if person.id == hits.ids[0])
    people.add_sightings([Sighting(draw_person("red", "blue"), other, None)])
    again = rerank(reranker, people, describe("red", "blue"), hits, 2)
    assert matcher.images_seen == 3
    assert next(hit.match for hit in again if hit.id == other.id) > 0.95
    people.add_sightings([Sighting(draw_person("white", "black"), other, None)])
    again = rerank(reranker, people, describe("red", "blue"), hits, 2)
    assert next(hit.match for hit in again if hit.id == other.id) < 0.05


def test_nothing_stays_in_memory_of_who_was_deleted(people: PersonSearch) -> None:
    matcher, hits = UpperAndLower(), people.search(describe("red", "blue"), k=30, rerank=0)
    reranker = Reranker(matcher)
    rerank(reranker, people, describe("red", "blue"), hits, 10)
    assert len(reranker._tokens) == 10
    people.gallery.delete(hits.ids[:9])
    rerank(reranker, people, describe("red", "blue"), hits, 0)
    assert len(reranker._tokens) == 1


def test_memory_is_bounded(people: PersonSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textreid.inference.reranker.CACHED_IMAGES", 20)
    assert CACHED_IMAGES > 20
    matcher, hits = UpperAndLower(), people.search(describe("red", "blue"), k=30, rerank=0)
    reranker = Reranker(matcher)
    rerank(reranker, people, describe("red", "blue"), hits, 30)
    rerank(reranker, people, describe("red", "blue"), hits, 10)  # the least recently used are gone
    assert matcher.images_seen == 40


def test_a_logit_weighs_what_the_model_says() -> None:
    """0.02 of cosine is undone by two units of logit that are worth more than 0.01 each."""
    cosines, logits = np.float32([0.30, 0.28, 0.10]), np.float32([-1.0, 1.0, 0.0])
    assert blend(cosines, logits, 0.009).argmax() == 0
    assert blend(cosines, logits, 0.011).argmax() == 1
    assert blend(cosines, logits, 0.0).tolist() == cosines.tolist()


def test_the_rest_stay_behind_in_their_order() -> None:
    records = tuple(Record(id=str(n), source=f"{n}.png") for n in range(5))
    hits = Hits(np.array([0.5, 0.4, 0.3, 0.2, 0.1], np.float32), records, exact=False)
    again = reorder(hits, np.array([-9.0, 0.0, 9.0], np.float32), np.eye(3, dtype=np.float32), 0.1)
    assert again.ids == ("2", "1", "0", "3", "4")
    np.testing.assert_allclose(again.scores, [0.3, 0.4, 0.5, 0.2, 0.1])
    assert hits.ids == ("0", "1", "2", "3", "4")
    assert not again.exact


@pytest.mark.parametrize("count", [1, 2, NEIGHBOUR_VOTED_HITS, 12])
def test_places_against_a_loop(count: int) -> None:
    random = np.random.default_rng(count)
    people = random.normal(size=(5, 16))
    for _ in range(20):
        vectors = people[random.integers(5, size=count)] + 0.3 * random.normal(size=(count, 16))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        scores = random.random(count)
        assert order_with_neighbours(scores, vectors).tolist() == order_by_hand(scores, vectors)


def test_a_hit_that_looks_like_what_scores_low_steps_back() -> None:
    scores = np.float32([0.50, 0.49, 0.49, 0.10, 0.09, 0.08])
    alone = np.eye(6, dtype=np.float32)
    assert order_with_neighbours(scores, alone).tolist() == [0, 1, 2, 3, 4, 5]
    alike = alone.copy()
    alike[0] = (alone[0] + 2 * alone[3]) / np.sqrt(5)
    assert order_with_neighbours(scores, alike).tolist() == [1, 2, 0, 3, 4, 5]


def test_who_looks_alike_stays_in_the_order_of_the_scores() -> None:
    scores = np.float32([0.3, 0.5, 0.4])
    assert order_with_neighbours(scores, np.ones((3, 1), np.float32)).tolist() == [1, 2, 0]


def test_an_empty_gallery_has_nobody_to_read(tmp_path: Path) -> None:
    with PersonSearch.open(tmp_path / "empty", create=True, encoder=MixedUp()) as empty:
        assert not empty.search("a woman in red", rerank=5)


def test_a_photo_alone_is_nothing_to_read_for_a_matcher_of_texts(people: PersonSearch) -> None:
    photo = draw_person("red", "blue")
    with pytest.raises(ModelError, match=r"no matcher that compares two images: .*\[model\.image_matcher\]"):
        people.search(image=photo, rerank=5)
    assert all(hit.match is None for hit in people.search(image=photo))


def test_without_a_query_there_is_nothing_to_read(people: PersonSearch) -> None:
    some = people.search("a woman in red", k=1).ids
    with pytest.raises(InputError, match="a description or a photo"):
        people.search(more_like=some, rerank=5)


@pytest.mark.parametrize("value", [True, False])
def test_a_bool_is_no_number_of_hits(people: PersonSearch, value: bool) -> None:
    with pytest.raises(InputError, match="--k-reciprocal"):
        people.search("a woman in red", rerank=value)


def test_model_without_a_matcher_is_refused_by_name(tmp_path: Path) -> None:
    with (
        PersonSearch.open(tmp_path / "gallery", create=True, encoder=ToyEncoder()) as search,
        pytest.raises(ModelError, match="'toy' has no matcher"),
    ):
        search.search("a woman in red", rerank=5)
    encoder = Encoder.load(write_joint(tmp_path / "model"), device="cpu")
    assert encoder.matcher is None
    with pytest.raises(ModelError, match="has no matcher"):
        encoder.match("a woman in red", [draw_person("red", "blue")])


def test_encoder_matches_as_the_model_does(tmp_path: Path) -> None:
    recipe = small_recipe(matcher={"width": 16, "heads": 2})
    torch.manual_seed(0)
    model, processor = start_model(recipe, (64, 32), CAPTIONS)
    model.eval()
    save_model(model, processor, tmp_path / "model")
    encoder = Encoder.load(tmp_path / "model", device="cpu")
    crops = [draw_person(*outfit) for outfit in OUTFITS[:5]]
    matcher = encoder.matcher
    assert matcher is not None
    words, places = matcher.text_tokens(CAPTIONS[1]), matcher.image_tokens(crops, batch_size=2)
    logits = matcher.score_pairs(words, places)
    assert logits.dtype == np.float32
    pixels = processor.image_processor(images=crops, return_tensors="pt")["pixel_values"]
    tokens = processor.tokenizer(CAPTIONS[1:2], return_tensors="pt")
    with torch.inference_mode():
        image = model.encode_image(pixels)
        text = model.encode_text(tokens["input_ids"], tokens["attention_mask"])
        expected = model.score_pairs(image, text, torch.arange(5), torch.zeros(5, dtype=torch.int64))
    np.testing.assert_allclose(
        logits, expected.numpy(), atol=5e-3
    )  # weights and tokens are kept in half precision
    assert np.ptp(logits) > 0.05
    assert matcher.score_pairs(words, []).shape == (0,)


def test_names_of_version_0_1_still_work_and_say_the_new_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, processor = start_model(small_recipe(matcher={"width": 16, "heads": 2}), (64, 32), CAPTIONS)
    save_model(model, processor, tmp_path / "model")
    encoder = Encoder.load(tmp_path / "model", device="cpu")
    matcher, crops = encoder.matcher, [draw_person(*outfit) for outfit in OUTFITS[:3]]
    assert matcher is not None
    places = matcher.image_tokens(crops)
    logits = matcher.score_pairs(matcher.text_tokens(CAPTIONS[0]), places)
    capsys.readouterr()
    assert encoder.has_matcher
    assert encoder.say == matcher.weight
    np.testing.assert_array_equal(encoder.image_tokens(crops), places)
    np.testing.assert_array_equal(encoder.matching(CAPTIONS[0])(places), logits)
    np.testing.assert_array_equal(encoder.match(CAPTIONS[0], crops), logits)
    output, notes = capsys.readouterr()
    assert output == ""
    assert [line.split(" is now ")[0] for line in notes.splitlines()] == [
        f"note: Encoder.{name}" for name in ("has_matcher", "say", "image_tokens", "matching", "match")
    ]
