"""Which hits a calibrated model is sure enough of, and what is asked for in vain."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.calibrated import NEEDED, SCALE, CalibratedToy
from tests.helpers.small_models import write_joint
from tests.helpers.toy import ToyEncoder, draw_person
from tests.helpers.toy_matcher import MixedUp
from textreid import PersonSearch
from textreid.catalog import fingerprint
from textreid.errors import InputError, ModelError, UnknownNameError
from textreid.inference.calibration import Calibration
from textreid.inference.encoder import Encoder
from textreid_index import Where

OUTFITS = list(itertools.product(("red", "green", "blue", "yellow"), ("black", "white", "blue")))
WORDS = "a red shirt and white jeans"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_joint(tmp_path_factory.mktemp("model") / "small")


@pytest.fixture
def opened(tmp_path):
    """Twelve people, and a way to search them with any encoder."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for upper, lower in OUTFITS:
        draw_person(upper, lower).save(folder / f"{upper}-{lower}.png")
    handles = []

    def open_with(encoder):
        search = PersonSearch.open(tmp_path / "gallery", create=True, encoder=encoder)
        search.add(folder, crops=True, camera="gate")
        handles.append(search)
        return search

    yield open_with
    for search in handles:
        search.close()


@pytest.fixture
def search(opened):
    return opened(CalibratedToy())


def names(hits):
    return [Path(record.source).stem for record in hits.records]


def expected(scores, people):
    odds = np.exp(12 * np.arcsin(np.clip(scores, -1, 1)) - 6) / people
    return odds / (1 + odds)


def test_hits_carry_the_probability_of_their_score_and_gallery(search):
    for hits in (search.search(WORDS), search.search(image=draw_person("red", "white"))):
        np.testing.assert_allclose(hits.probabilities, expected(hits.scores, 12), rtol=1e-4)
        assert hits[0].probability == pytest.approx(hits.probabilities[0])
        assert hits[0].to_dict()["probability"] == pytest.approx(hits.probabilities[0], abs=1e-6)
        assert hits.cut is None


def test_a_filter_makes_the_gallery_smaller_and_a_hit_likelier(search):
    one = Where(source=search.search(WORDS, k=1)[0].record.source)
    hits = search.search(WORDS, where=one)
    assert len(hits) == 1
    assert hits[0].probability == pytest.approx(expected(hits.scores[0], 1), rel=1e-4)


@pytest.mark.parametrize("rate", NEEDED)
def test_hits_below_the_threshold_are_dropped_and_the_others_kept(search, rate):
    everybody = search.search(WORDS, k=12)
    hits = search.search(WORDS, k=12, false_alarms=rate)
    good = everybody.scores >= NEEDED[rate]
    assert 0 < good.sum() < 12
    assert hits.ids == everybody.ids[: good.sum()]
    np.testing.assert_array_equal(hits.probabilities, everybody.probabilities[good])
    assert (hits.cut.needed, hits.cut.best) == (pytest.approx(NEEDED[rate]), pytest.approx(1, abs=1e-3))
    assert [hit.rank for hit in hits] == list(range(1, good.sum() + 1))


def test_nobody_matches_and_it_is_told_by_how_much(search):
    hits = search.search("a pink shirt and white jeans", false_alarms=0.05)
    assert len(hits) == 0
    assert hits.cut.needed == pytest.approx(0.8)
    assert hits.cut.best == pytest.approx(0.5, abs=1e-2)
    nobody = search.search(WORDS, false_alarms=0.05, where=Where(camera="elsewhere"))
    assert (len(nobody), nobody.cut.best) == (0, None)


def test_people_who_look_alike(search):
    id = search.search(WORDS, k=1).ids[0]
    assert names(search.similar(id, false_alarms=0.5))[0].startswith(("red-", "blue-", "green-", "yellow-"))
    assert len(search.similar(id, false_alarms=0.05)) == 0
    hits = search.similar(id)
    np.testing.assert_allclose(hits.probabilities, expected(hits.scores, 11), rtol=1e-4)


def test_several_guides_together_have_no_probability(search):
    id = search.search(WORDS, k=1).ids[0]
    photo = draw_person("red", "blue")
    for several in ({"image": photo}, {"more_like": [id]}, {"less_like": [id]}):
        hits = search.search(WORDS, **several)
        assert hits.probabilities is None
        assert "several parts" in hits.unsure
        with pytest.raises(InputError, match=r"a description alone or a photo alone.*leave it out"):
            search.search(WORDS, **several, false_alarms=0.05)


def test_a_rate_that_was_not_measured(search):
    with pytest.raises(InputError, match=r"choose one from 0\.01 to 0\.5"):
        search.search(WORDS, false_alarms=0.9)


def test_a_model_that_is_not_calibrated(opened):
    search = opened(ToyEncoder())
    assert not search.calibrated("text")
    assert search.search(WORDS).probabilities is None
    with pytest.raises(ModelError, match="textreid calibrate toy --root DIR --text DATASET"):
        search.search(WORDS, false_alarms=0.05)


def test_a_model_that_is_calibrated_for_descriptions_alone(opened):
    encoder = CalibratedToy()
    encoder.calibration = Calibration("toy-1", text=SCALE)
    search = opened(encoder)
    assert search.calibrated("text")
    assert not search.calibrated("photo")
    assert search.search(image=draw_person("red", "blue")).probabilities is None
    with pytest.raises(ModelError, match=r"not calibrated for photos.*--photo DATASET"):
        search.similar(search.search(WORDS, k=1).ids[0], false_alarms=0.05)


def test_likeness_needs_no_model_unless_a_rate_is_asked_for(opened, tmp_path):
    id = opened(CalibratedToy()).search(WORDS, k=1).ids[0]
    with PersonSearch.open(tmp_path / "gallery", model="gone") as search:
        assert search.similar(id).probabilities is None
        with pytest.raises(UnknownNameError, match="gone"):
            search.similar(id, false_alarms=0.05)


class SureMatcher(MixedUp):
    """Knows what its cosines mean for each number of clauses, and what its matcher ranks by."""

    one, more = SCALE, replace(SCALE, offset=-7.0)
    read = tuple(replace(scale, slope=4.0, offset=scale.offset + 2) for scale in (one, more))
    calibration = Calibration("toy-1", text=SCALE, photo=SCALE, clauses=(one, more), matched=read)


@pytest.mark.parametrize("rerank", [1, 2, 5, 7, 12])
@pytest.mark.parametrize("words", [WORDS, "a blue shirt", "a man in a yellow coat and black shoes"])
def test_the_probability_never_rises_from_hit_to_hit_nor_behind_the_last_that_was_read(opened, words, rerank):
    for encoder in (SureMatcher(), type("Former", (MixedUp,), {"calibration": CalibratedToy.calibration})()):
        search = opened(encoder)
        hits = search.search(words, k=12, rerank=rerank)
        assert sum(hit.match is not None for hit in hits) == rerank
        assert (np.diff(hits.probabilities) <= 0).all()
        assert [hit["probability"] for hit in hits.to_dicts()] == pytest.approx(hits.probabilities, abs=1e-6)
        np.testing.assert_allclose(
            hits.scores, search.search(words, k=12, rerank=0).scores[places(hits, search, words)]
        )


def places(hits, search, words):
    plain = search.search(words, k=12, rerank=0).ids
    return [plain.index(id) for id in hits.ids]


def test_what_ranks_gives_the_probability_by_the_number_of_clauses(opened):
    search = opened(SureMatcher())
    for words, read in (("a blue shirt", SureMatcher.read[0]), (WORDS, SureMatcher.read[1])):
        plain = search.search(words, k=12, rerank=0)
        hits = search.search(words, k=12, rerank=1)
        (logit,) = search.encoder.matcher.score_pairs(
            search.encoder.matcher.text_tokens(words),
            search.encoder.matcher.image_tokens([draw_person(*names(hits)[0].split("-"))]),
        )
        odds = read.slope * np.arcsin(np.clip(plain.scores[0] + logit, -1, 1)) + read.offset - np.log(12)
        assert hits[0].probability == pytest.approx(1 / (1 + np.exp(-odds)), rel=0.02)


def test_the_cut_is_by_what_ranks(opened):
    search = opened(SureMatcher())
    hits = search.search(WORDS, k=12, rerank=5)
    likely = search.search(WORDS, k=12, rerank=5, false_alarms=0.05)
    good = np.where(np.isnan(hits.strengths), hits.scores, hits.strengths) >= NEEDED[0.05]
    assert 0 < good.sum() < 12
    assert list(likely.ids) == [id for id, passes in zip(hits.ids, good, strict=True) if passes]
    assert likely.cut.best == pytest.approx(hits.strengths[0])
    assert search.search("a pink shirt and white jeans", false_alarms=0.01).cut.best < NEEDED[0.01]


@pytest.mark.parametrize("words", ["\u200b\u200d", "мужчина в синем", "人", "\0", "!? 12"])
def test_words_that_the_model_does_not_know_get_ranks_and_a_sentence(search, words):
    hits = search.search(words)
    assert len(hits) == 12
    assert hits.probabilities is None
    assert "knows no word of this description" in hits.unsure
    with pytest.raises(InputError, match="knows no word of this description"):
        search.search(words, false_alarms=0.05)
    assert search.search(WORDS).unsure == ""


class TestFolder:
    """A model's folder with a calibration in it."""

    @pytest.fixture
    def folder(self, written, tmp_path):
        return shutil.copytree(written, tmp_path / "small")

    def test_a_calibration_changes_no_fingerprint_and_is_found(self, folder):
        before = fingerprint(folder)
        calibration = Calibration(before, photo=SCALE)
        calibration.write(folder)
        assert fingerprint(folder) == before
        encoder = Encoder.load(folder, device="cpu")
        assert encoder.info.fingerprint == before
        assert encoder.calibration == calibration

    def test_without_one_everything_works(self, folder):
        assert Encoder.load(folder, device="cpu").calibration is None

    def test_one_of_other_weights_is_refused_when_it_is_used(self, folder):
        Calibration("0123456789abcdef", text=SCALE).write(folder)
        encoder = Encoder.load(folder, device="cpu")
        assert encoder.encode_texts(["a man"]).shape[0] == 1
        with pytest.raises(ModelError, match="other weights"):
            _ = encoder.calibration
