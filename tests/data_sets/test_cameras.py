"""Sets of which some images name no camera: what `eval` prints and what the doctor says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.official_layouts import CLOTHES
from tests.helpers.toy import ToyEncoder, draw_person
from textreid.data.tools.doctor import examine
from textreid.data.tools.parquet import read_splits
from textreid.errors import InputError
from textreid.evaluate import Methods, evaluate
from textreid.evaluate.answers import caveats
from textreid.evaluate.benchmark import Benchmark


def write(
    root: Path, rows: list[tuple[str, int, str | None]], *, colours: dict[int, int] | None = None
) -> Path:
    """A table of (split, person, camera); each image in the clothes of its person, or of a row's own."""
    root.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, (split, person, camera) in enumerate(rows):
        clothes = CLOTHES[(colours or {}).get(number, person) or 4]
        draw_person(*clothes, size=(20 + number, 60)).save(root / f"{number}.png")
        lines.append({"image": f"{number}.png", "person": person, "camera": camera, "split": split})
    (root / "people.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return root


def measure(root: Path, split: str = "test", **options):
    return evaluate(ToyEncoder(), Benchmark.read("folder", root, split), **options)


def severities(root: Path) -> list[str]:
    return [finding.severity for finding in examine(read_splits("folder", root))]


PAIRS = [("query", person, "c1") for person in (1, 2, 3)] + [
    ("gallery", person, camera) for person in (1, 2, 3) for camera in ("c1", "c2")
]
WRONG = {6: 1, 8: 2}
"""Two images by camera 2 show other clothes: their queries find somebody else first, if the rule is kept."""


def test_one_image_without_a_camera_leaves_the_rule_to_all_others(tmp_path):
    whole = measure(write(tmp_path / "whole", PAIRS, colours=WRONG))
    rows = [*PAIRS[:3], ("gallery", 1, None), *PAIRS[4:]]
    partly = measure(write(tmp_path / "partly", rows, colours=WRONG))
    found = [result.directions["image_to_image"].percent["R1"] for result in (whole, partly)]
    assert found == pytest.approx([100 / 3, 100 / 3])
    assert whole.to_dict()["camera_rule"] == {
        "kept": "whole",
        "queries_without_camera": 0,
        "gallery_without_camera": 0,
    }
    assert partly.to_dict()["camera_rule"]["kept"] == "partly"
    (sentence,) = caveats(partly.benchmark, ["image_to_image"])
    assert "0 of 3 queries and 1 of 6 images of the gallery name no camera" in sentence


def test_without_any_camera_the_rule_is_said_not_to_be_kept(tmp_path):
    rows = [(split, person, None) for split, person, _ in PAIRS]
    measured = measure(write(tmp_path, rows))
    assert measured.to_dict()["camera_rule"]["kept"] == "not at all"
    assert measured.directions["image_to_image"].percent["R1"] == 100


def test_multi_query_that_has_nothing_to_join_is_refused(tmp_path):
    rows = [*PAIRS[:3], *(("gallery", person, None) for _, person, _ in PAIRS[3:])]
    with pytest.raises(InputError, match="leave --multi-query out, or name the cameras"):
        measure(write(tmp_path, rows), methods=Methods(multi_query="mean"))


def test_nothing_is_encoded_where_no_query_has_an_answer(tmp_path):
    rows = [("query", 1, "c1"), ("query", 2, "c1"), ("gallery", 1, "c1"), ("gallery", 3, "c2")]
    encoder = ToyEncoder()
    with pytest.raises(InputError) as refused:
        evaluate(encoder, Benchmark.read("folder", write(tmp_path, rows), "test"))
    assert encoder.images_seen == 0
    assert "2 queries: 1 of people with no other image in the gallery, 1 of people seen by no" in str(
        refused.value
    )
    assert f"textreid doctor folder --root {tmp_path}" in str(refused.value)
    assert "fatal" in severities(tmp_path)


def test_person_0_of_a_split_without_queries_is_a_person(tmp_path):
    rows = [("val", person, camera) for person in (0, 1, 2) for camera in ("c1", "c2")]
    measured = measure(write(tmp_path, rows), "val")
    result = measured.directions["image_to_image"]
    assert (result.queries, result.skipped, measured.benchmark.counts["persons"]) == (6, 0, 3)


def test_queries_of_person_0_are_left_out_and_said(tmp_path):
    rows = [*PAIRS, ("query", 0, "c1"), ("gallery", 0, "c2")]
    measured = measure(write(tmp_path, rows))
    assert measured.directions["image_to_image"].skipped == 1
    assert any(
        "1 queries are of person 0" in line for line in caveats(measured.benchmark, ["image_to_image"])
    )


@pytest.mark.parametrize("seed", range(12))
def test_the_doctor_calls_fatal_what_cannot_be_measured_and_nothing_else(tmp_path, seed):
    draw = np.random.default_rng(seed)
    cameras = ["c1", "c2", None][: draw.integers(1, 4)]
    rows = [
        (split, int(draw.integers(0, 4)), cameras[draw.integers(len(cameras))])
        for split in ("query", "gallery")
        for _ in range(draw.integers(1, 5))
    ]
    root = write(tmp_path, rows)
    labels_only = [
        finding
        for finding in examine(read_splits("folder", root))
        if finding.severity == "fatal" and "right answer" in finding.what
    ]
    try:
        measure(root)
    except InputError:
        assert labels_only
    else:
        assert not labels_only


def test_a_val_split_is_measured_beside_queries_and_a_gallery(tmp_path):
    rows = [*PAIRS, *(("val", person, camera) for person in (0, 4) for camera in ("c1", "c2"))]
    root = write(tmp_path, rows)
    assert measure(root).directions["image_to_image"].queries == 3
    assert measure(root, "val").directions["image_to_image"].queries == 4
