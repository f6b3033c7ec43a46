from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.helpers.official_layouts import CLOTHES, caption, write_cuhk_pedes, write_market1501
from tests.helpers.toy import ToyEncoder, draw_person
from textreid.errors import InputError, UnknownNameError
from textreid.evaluate import Methods, evaluate
from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.flip_test import FlipTest
from textreid.evaluate.groups import find_groups
from textreid.metrics.protocols import text_to_image
from textreid.metrics.query_expansion import expand_queries


@pytest.fixture
def captioned(tmp_path):
    rows = [(person, "test", [caption(person)] * 2) for person in (1, 1, 2, 2, 3)]
    write_cuhk_pedes(tmp_path, rows)
    return Benchmark.read("cuhk-pedes", tmp_path)


@pytest.fixture
def cameras(tmp_path):
    gallery = ["0001_c1", "0001_c1", "0001_c2", "0002_c1", "0002_c2", "0003_c1"]
    write_market1501(tmp_path, ["0001_c1", "0002_c2"], gallery)
    return Benchmark.read("market1501", tmp_path)


class OneSided(ToyEncoder):
    """Sees the left half of an image alone."""

    def encode_images(self, images, *, batch_size=64):
        return super().encode_images([image.crop((0, 0, image.width // 2, image.height)) for image in images])


def test_the_flip_test_is_the_mean_of_both_views():
    crop = Image.new("RGB", (40, 100))
    crop.paste(draw_person("red", "blue", (20, 100)), (0, 0))
    crop.paste(draw_person("green", "black", (20, 100)), (20, 0))
    encoder = OneSided()
    left, right = (
        encoder.encode_images([draw_person(*colours)])[0] for colours in (("red", "blue"), ("green", "black"))
    )
    (both,) = FlipTest(encoder).encode_images([crop])
    assert both == pytest.approx((left + right) / np.linalg.norm(left + right), abs=1e-6)


def test_the_flip_test_changes_nothing_for_symmetric_images(captioned):
    flipped = evaluate(ToyEncoder(), captioned, methods=Methods(flip=True))
    assert flipped.directions == evaluate(ToyEncoder(), captioned).directions
    assert flipped.methods.names == ["flip test"]
    assert not flipped.plain


def test_expansion_is_measured_beside_the_plain_search(captioned):
    encoder = ToyEncoder()
    both = evaluate(encoder, captioned, methods=Methods(expand=2, alpha=0))
    assert both.plain == evaluate(encoder, captioned).directions
    crops = captioned.gallery
    texts = encoder.encode_texts([text for crop in crops for text in crop.captions])
    images = encoder.encode_images([Image.open(crop.image) for crop in crops])
    ids = np.array([crop.person_id for crop in crops])
    expanded = expand_queries(texts, images, top=2, alpha=0)
    assert both.directions["text_to_image"] == text_to_image(expanded, np.repeat(ids, 2), images, ids)


def test_texts_can_be_reranked(captioned):
    result = evaluate(ToyEncoder(), captioned, methods=Methods(k_reciprocal=True)).to_dict()
    assert result["methods"] == ["k-reciprocal re-ranking"]
    assert result["text_to_image"]["R1"] == result["plain"]["text_to_image"]["R1"] == 100


def test_every_image_searches_the_others_where_there_are_no_cameras(captioned):
    evaluation = evaluate(ToyEncoder(), captioned, directions=["image_to_image"])
    assert list(evaluation.directions) == ["image_to_image"]
    measured = evaluation.directions["image_to_image"]
    assert (measured.queries, measured.skipped, measured.gallery) == (4, 1, 5)  # person 3 has one image
    assert measured.percent["R1"] == measured.percent["mINP"] == 100


class Blinded(ToyEncoder):
    """Takes the first query, and nothing else, for somebody in yellow and purple."""

    def encode_images(self, images, *, batch_size=64):
        vectors = super().encode_images(images)
        if len(images) == 2:  # the queries
            vectors[0] = super().encode_images([draw_person("yellow", "purple")])[0]
        return vectors


@pytest.mark.parametrize("how", ["mean", "max"])
def test_multi_query_joins_the_images_of_the_same_camera(cameras, how):
    """Two more crops of person 1 in camera 1 outvote a query that shows another."""
    both = evaluate(Blinded(), cameras, methods=Methods(multi_query=how))
    assert both.plain["image_to_image"].percent["R1"] == 50
    assert both.directions["image_to_image"].percent["R1"] == 100


def test_multi_query_takes_the_boxes_drawn_by_hand_where_they_are(cameras, tmp_path):
    """They show person 1; the gallery's crops of the same camera show another."""
    folder = tmp_path / "Market-1501-v15.09.15"
    for name in (f"0001_c1s1_{number:06}_00.jpg" for number in (0, 101, 102, 103)):
        (folder / "gt_bbox").mkdir(exist_ok=True)
        draw_person(*CLOTHES[1]).save(folder / "gt_bbox" / name)
    for name in ("0001_c1s1_000000_00.jpg", "0001_c1s1_000001_00.jpg"):
        draw_person("yellow", "purple").save(folder / "bounding_box_test" / name)
    benchmark = Benchmark.read("market1501", tmp_path)
    both = evaluate(Blinded(), benchmark, methods=Methods(multi_query="mean"))
    assert both.plain["image_to_image"].percent["R1"] == 50
    assert both.directions["image_to_image"].percent["R1"] == 100


def test_multi_query_needs_cameras(captioned):
    encoder = ToyEncoder()
    with pytest.raises(InputError, match="leave --multi-query out"):
        evaluate(encoder, captioned, methods=Methods(multi_query="mean"))
    assert encoder.images_seen == 0


def test_people_without_cameras_or_texts_search_each_other(tmp_path):
    """Nobody finds himself, nor does junk find junk."""
    for number, (person, clothes) in enumerate([("1", 1), ("1", 2), ("2", 2), ("-1", 3), ("-1", 3)]):
        (tmp_path / "test" / person).mkdir(parents=True, exist_ok=True)
        draw_person(*CLOTHES[clothes]).save(tmp_path / "test" / person / f"{number}.png")
    benchmark = Benchmark.read("folder", tmp_path, "test")
    assert benchmark.junk == 2
    measured = evaluate(ToyEncoder(), benchmark).directions["image_to_image"]
    assert (measured.queries, measured.skipped, measured.gallery) == (2, 1, 3)
    assert measured.percent["R1"] == 50  # the second crop of 1 finds 2 first


def test_in_one_gallery_the_camera_rule_holds_where_cameras_are_known(tmp_path):
    for name in ("1/c1_0.png", "1/c1_1.png", "1/c2_0.png", "2/c1_0.png"):
        (tmp_path / "test" / name).parent.mkdir(parents=True, exist_ok=True)
        clothes = CLOTHES[3 if name == "1/c2_0.png" else 1]
        draw_person(*clothes).save(tmp_path / "test" / name)
    measured = evaluate(ToyEncoder(), Benchmark.read("folder", tmp_path, "test")).directions["image_to_image"]
    assert (measured.queries, measured.skipped) == (3, 1)
    assert measured.percent["R1"] == pytest.approx(100 / 3)  # the crop of camera 2 finds either other


def test_parts_by_source_camera_and_attribute(captioned, cameras):
    by = {name: find_groups(name) for name in ("source", "camera", "attribute")}
    parts = evaluate(ToyEncoder(), captioned, by=by).parts["text_to_image"]
    assert list(parts["source"]) == ["cam_a"]
    assert parts["source"]["cam_a"].queries == 10
    assert parts["camera"] == parts["attribute"] == {}
    parts = evaluate(ToyEncoder(), cameras, by=by).parts["image_to_image"]
    assert {name: part.queries for name, part in parts["camera"].items()} == {"camera 1": 1, "camera 2": 1}


def test_parts_by_what_the_caption_says(captioned):
    by = {"caption": find_groups("caption")}
    evaluation = evaluate(ToyEncoder(), captioned, by=by)
    queries = {name: part.queries for name, part in evaluation.parts["text_to_image"]["caption"].items()}
    assert sum(count for name, count in queries.items() if "red" in name) == 4
    assert evaluation.parts["image_to_text"]["caption"] == {}


def test_parts_by_a_function_of_ones_own(captioned):
    def colour(item):
        return [word for word in ("red", "green") if item.caption and word in item.caption]

    parts = evaluate(ToyEncoder(), captioned, by={"colour": colour}).parts["text_to_image"]["colour"]
    assert {name: part.queries for name, part in parts.items()} == {"green": 4, "red": 4}


@pytest.mark.parametrize(
    ("directions", "message"),
    [
        (["text_to_images"], "Did you mean 'text_to_image'"),
        (["image_to_text"], "market1501 has no captions"),
    ],
)
def test_a_direction_that_cannot_be_measured(cameras, directions, message):
    with pytest.raises((InputError, UnknownNameError), match=message):
        evaluate(ToyEncoder(), cameras, directions=directions)


def test_what_was_typed_is_checked():
    with pytest.raises(UnknownNameError, match="multi-query called 'median'"):
        Methods.named(False, "median", 0, 3.0, k_reciprocal=False, rerank=0)
    with pytest.raises(InputError, match="at least 0"):
        Methods(expand=-1)
    with pytest.raises(UnknownNameError, match="Did you mean 'camera'"):
        find_groups("cameras")
