"""Followed by looks as well as by place: drawn walkers who are hidden, meet, and are taken for each other."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.drawn_footage import BLUE, GREEN, RED, Walker, Watcher, colour_of, every, write_film
from tests.helpers.toy import ToyEncoder
from textreid import IndexProgress, PersonSearch
from textreid.ingest import writer
from textreid.people import Sighting, find_people, list_sources


def by_colour(images: Sequence[Image.Image]) -> np.ndarray:
    """[N, 3] float32 of unit norm: who wears another colour is somebody else."""
    vectors = np.float32([np.asarray(image).reshape(-1, 3).mean(axis=0) for image in images])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def follow(path: Path, walkers: list[Walker], seconds: float, embed=by_colour) -> list[Sighting]:
    write_film(path, walkers, every(10, seconds))
    units = find_people(list_sources([path])[0], detector=Watcher(), embed=embed)
    return [person for unit in units for person in unit.sightings]


def colours(person: Sighting) -> set[int]:
    return {colour_of(np.asarray(image)) for image in (person.image, *person.more)}


HIDDEN = [Walker(RED, 0, 3, left=10), Walker(RED, 5.4, 8, left=64)]
"""Walks behind something for two and a half seconds."""

TURNING = [  # both come to the middle and go back to where they came from
    Walker(RED, 0, 4, left=10, speed=15),
    Walker(RED, 4, 8, left=70, speed=-15),
    Walker(BLUE, 0, 4, left=130, speed=-15),
    Walker(BLUE, 4, 8, left=70, speed=15),
]


def test_who_is_hidden_for_a_while_is_one_person(tmp_path: Path) -> None:
    (red,) = follow(tmp_path / "a.mp4", HIDDEN, 9)
    times = [time for time, _ in red.path]
    assert (times[0], times[-1]) == pytest.approx((0.0, 7.8), abs=0.2)
    assert len(follow(tmp_path / "b.mp4", HIDDEN, 9, embed=None)) == 2


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Walker(GREEN, 5.4, 8, left=64), id="who looks different"),
        pytest.param(Walker(RED, 7, 9, left=80), id="who comes too late"),
        pytest.param(Walker(RED, 3.4, 6, left=130, speed=0), id="who would have had to run"),
    ],
)
def test_another_who_comes_out_where_somebody_was_hidden_is_another(tmp_path: Path, other: Walker) -> None:
    people = follow(tmp_path / "a.mp4", [HIDDEN[0], other], 9)
    assert len(people) == 2
    assert all(len(colours(person)) == 1 for person in people)


def test_who_leaves_the_picture_and_comes_back_is_a_new_hit(tmp_path: Path) -> None:
    walkers = [Walker(RED, 0, 2.5, left=90, speed=24), Walker(RED, 4.5, 7, left=145, speed=-24)]
    assert len(follow(tmp_path / "a.mp4", walkers, 8)) == 2


def test_nobody_takes_over_the_track_of_whom_they_meet(tmp_path: Path) -> None:
    people = follow(tmp_path / "a.mp4", TURNING, 8)
    owners = {0: TURNING[:2], 2: TURNING[2:]}
    assert sorted(colour for person in people for colour in colours(person)) == [0, 2]
    for person in people:
        (colour,) = colours(person)
        assert person.path[-1][0] - person.path[0][0] > 7
        for time, box in person.path:
            (x, _), *_ = (place for walker in owners[colour] if (place := walker.at(time)))
            assert box[0] - 4 <= x <= box[2] + 4


def test_a_hit_shows_the_person_alone_though_nearer_views_show_two(tmp_path: Path) -> None:
    people = follow(tmp_path / "a.mp4", TURNING, 8)
    for person in people:
        for image in (person.image, *person.more):
            assert image.width <= 26


def test_the_further_views_are_those_that_differ(tmp_path: Path) -> None:
    dress = [RED, (220, 110, 30), RED, (220, 30, 110)]
    walkers = [Walker(colour, 2 * n, 2 * n + 2, left=10 + 20 * n) for n, colour in enumerate(dress)]
    (person,) = follow(tmp_path / "a.mp4", walkers, 8)
    vectors = by_colour([person.image, *person.more])
    greens, blues = vectors[:, 1] > 0.35, vectors[:, 2] > 0.35
    assert greens.any()
    assert blues.any()


def test_only_where_boxes_are_unsure_is_anybody_embedded(tmp_path: Path) -> None:
    embedded = []

    def counted(images: Sequence[Image.Image]) -> np.ndarray:
        embedded.extend(images)
        return by_colour(images)

    follow(tmp_path / "a.mp4", [Walker(RED, 0, 20, speed=5)], 20, embed=counted)
    assert 0 < len(embedded) <= 12


CROWD = [
    Walker(RED, 0, 2),
    Walker(GREEN, 1, 11, left=5, speed=8, top=70),
    Walker(BLUE, 2.5, 4.5, left=90),
    Walker(RED, 8, 10, left=30),
]


@pytest.mark.parametrize("calls", [1, 2, 3, 4])
def test_an_interrupted_film_gives_what_one_run_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    monkeypatch.setattr(writer, "WAIT_SECONDS", 0.0)
    film = write_film(tmp_path / "a.mp4", CROWD, every(10, 12))
    with PersonSearch.open(tmp_path / "whole", create=True, encoder=ToyEncoder()) as people:
        people.add(film, detector=Watcher())
        whole = everything(people)
    left = calls

    def interrupt(progress: IndexProgress) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    with PersonSearch.open(tmp_path / "pieces", create=True, encoder=ToyEncoder()) as people:
        with pytest.raises(KeyboardInterrupt):
            people.add(film, detector=Watcher(), progress=interrupt)
        before = {record.id for record in people.gallery.records()}
        assert people.gallery.verify() == []
        assert before <= {record.id for record, *_ in whole}
        report = people.add(film, detector=Watcher())
        assert everything(people) == whole
        assert (report.added, report.replaced) == (len(whole) - len(before), 0)
        assert people.gallery.verify() == []


def everything(people: PersonSearch) -> list[tuple]:
    gallery = people.gallery
    records = sorted(gallery.records(), key=lambda record: record.id)
    vectors = gallery.vectors([record.id for record in records])
    kept = [(gallery.track(record.id), gallery.thumbnail(record.id)) for record in records]
    return list(zip(records, map(bytes, vectors), kept, strict=True))


def test_a_gallery_keeps_the_way_and_the_views_that_a_vector_is_made_of(tmp_path: Path) -> None:
    film, encoder = write_film(tmp_path / "a.mp4", HIDDEN, every(10, 9)), ToyEncoder()
    with PersonSearch.open(tmp_path / "gallery", create=True, encoder=encoder) as people:
        people.add(film, detector=Watcher())
        (record,) = people.gallery.records()
        track = people.gallery.track(record.id)
        (vector,) = people.gallery.vectors([record.id])
    assert (track.start, track.end) == pytest.approx((0.0, 7.8), abs=0.2)
    assert (track.views[0].offset, track.views[0].box) == (record.offset, record.box)
    for time, box in track.path:
        (x, y), *_ = (place for walker in HIDDEN if (place := walker.at(time)))
        assert np.abs(np.array(box) - (x, y, x + 20, y + 48)).max() <= 4
    images = [Image.open(io.BytesIO(view.jpeg)) for view in track.views]
    assert len(images) == 4
    mean = encoder.encode_images(images).mean(axis=0)
    assert float(mean @ vector) / np.linalg.norm(mean) > 0.98
