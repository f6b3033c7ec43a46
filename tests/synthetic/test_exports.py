"""Exports have the official layouts, as the project's own loaders read them."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from textreid.data import datasets
from textreid.errors import InputError
from textreid.synthetic import write_cuhk_pedes, write_market1501


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("drawn")
    write_cuhk_pedes(root, identities=10, images_per_identity=3, seed=5)
    write_market1501(root, identities=6, images_per_identity=4, seed=5)
    return root


def content(folder: Path) -> str:
    parts = (p.relative_to(folder).as_posix().encode() + p.read_bytes() for p in sorted(folder.rglob("*.*")))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_cuhk_pedes_splits_hold_other_people(drawn: Path) -> None:
    splits = {split: datasets.load("cuhk-pedes", drawn, split) for split in ("train", "val", "test")}
    people = {split: {crop.person_id for crop in crops} for split, crops in splits.items()}
    assert {split: len(ids) for split, ids in people.items()} == {"train": 7, "val": 1, "test": 2}
    assert sum(len(ids) for ids in people.values()) == len(set.union(*people.values()))
    for crops in splits.values():
        assert set(Counter(crop.person_id for crop in crops).values()) == {3}
        for crop in crops:
            assert len(crop.captions) == 2
            with Image.open(crop.image) as image:
                assert image.mode == "RGB"
                assert 24 <= image.width <= 200
                assert 64 <= image.height <= 300


def test_cuhk_pedes_rows_have_the_official_keys(drawn: Path) -> None:
    rows = json.loads((drawn / "CUHK-PEDES" / "reid_raw.json").read_text())
    assert all(set(row) == {"split", "captions", "file_path", "processed_tokens", "id"} for row in rows)
    assert sorted({row["id"] for row in rows}) == list(range(1, 11))
    first = rows[0]
    assert len(first["processed_tokens"]) == len(first["captions"])
    assert " ".join(first["processed_tokens"][0]) == re.sub(r"[^a-z0-9 -]", "", first["captions"][0].lower())


def test_market_files_have_official_names(drawn: Path) -> None:
    folder = drawn / "Market-1501-v15.09.15"
    names = {place: [p.name for p in sorted((folder / place).iterdir())] for place in
             ("bounding_box_train", "bounding_box_test", "query")}  # fmt: skip
    for place, found in names.items():
        assert all(re.fullmatch(r"(-1|\d{4})_c[1-6]s\d_\d{6}_\d{2}\.jpg", name) for name in found), place
        with Image.open(folder / place / found[0]) as image:
            assert image.size == (64, 128)
    assert {name[:4] for name in names["bounding_box_train"]} == {"0001", "0002", "0003"}
    assert {name[:4] for name in names["query"]} == {"0004", "0005", "0006"}
    kinds = Counter(name.split("_")[0] for name in names["bounding_box_test"])
    assert kinds == {"0004": 4, "0005": 4, "0006": 4, "-1": 3, "0000": 3}


def test_market_loads_and_every_query_has_an_answer_from_another_camera(drawn: Path) -> None:
    queries, gallery = (datasets.load("market1501", drawn, split) for split in ("query", "gallery"))
    assert len(datasets.load("market1501", drawn, "train")) == 12
    for query in queries:
        assert any(g.person_id == query.person_id and g.camera_id != query.camera_id for g in gallery)
    pairs = Counter((query.person_id, query.camera_id) for query in queries)
    assert set(pairs.values()) == {1}


@pytest.mark.parametrize("write", [write_cuhk_pedes, write_market1501])
def test_equal_seeds_write_equal_files(write: object, tmp_path: Path) -> None:
    assert callable(write)
    same = [write(tmp_path / name, identities=2, images_per_identity=2, seed=seed)
            for name, seed in (("a", 1), ("b", 1), ("c", 2))]  # fmt: skip
    first, again, other = (content(folder) for folder in same)
    assert first == again != other


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_cuhk_pedes(tmp_path, identities=4, images_per_identity=1, seed=0, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_a_killed_run_do_not_stand_in_the_way(tmp_path: Path) -> None:
    leftover = tmp_path / ".CUHK-PEDES.0a1b2c3d.part" / "imgs"
    leftover.mkdir(parents=True)
    (leftover / "half.jpg").write_bytes(b"half")
    folder = write_cuhk_pedes(tmp_path, identities=1, images_per_identity=1, seed=0)
    assert [p.name for p in tmp_path.iterdir()] == ["CUHK-PEDES"]
    assert not list(folder.rglob("half.jpg"))


def test_an_existing_folder_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "CUHK-PEDES").mkdir()
    (tmp_path / "CUHK-PEDES" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        write_cuhk_pedes(tmp_path, identities=1)
    assert (tmp_path / "CUHK-PEDES" / "mine.txt").read_text() == "mine"


def test_impossible_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="identities is 0; it must be at least 1"):
        write_cuhk_pedes(tmp_path, identities=0)
    with pytest.raises(InputError, match="images_per_identity is 1; it must be at least 2"):
        write_market1501(tmp_path, identities=4, images_per_identity=1)
    with pytest.raises(InputError, match="sum to 1"):
        write_cuhk_pedes(tmp_path, identities=3, split=(0.5, 0.1, 0.1))
    assert list(tmp_path.iterdir()) == []


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_cuhk_pedes(tmp_path, identities=2, images_per_identity=2, progress=lambda *now: seen.append(now))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
