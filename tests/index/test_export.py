"""An export holds everything, in files that need no textreid to read, and appears whole or not at all."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.toy_gallery import TOY, filled, thumbnails
from textreid_index import Gallery, GalleryError


def test_everything_is_there(tmp_path: Path) -> None:
    gallery, records, embeddings = filled(tmp_path / "g", 70)
    with gallery:
        gallery.export(tmp_path / "deep" / "out")
    out = tmp_path / "deep" / "out"
    assert json.loads((out / "gallery.json").read_text()) == {"people": 70, "encoder": asdict(TOY)}
    rows = [json.loads(line) for line in (out / "records.jsonl").read_text(encoding="utf-8").splitlines()]
    jpegs = [(out / row.pop("thumbnail")).read_bytes() for row in rows]
    assert rows == [json.loads(json.dumps(asdict(record))) for record in records]
    assert jpegs == thumbnails(records)
    vectors = np.load(out / "vectors.npy")
    assert vectors.dtype == np.float32
    assert np.array_equal(vectors, embeddings.vectors)
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_an_empty_gallery(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        gallery.export(tmp_path / "out")
    assert np.load(tmp_path / "out" / "vectors.npy").shape == (0, 0)
    assert (tmp_path / "out" / "records.jsonl").read_text() == ""


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    gallery, _, _ = filled(tmp_path / "g", 2)
    (tmp_path / "out").mkdir()
    with gallery, pytest.raises(GalleryError, match="exists already"):
        gallery.export(tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_failed_export_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery, _, _ = filled(tmp_path / "g", 5)
    (tmp_path / "file").touch()
    with gallery:
        with pytest.raises(GalleryError, match="cannot be exported"):
            gallery.export(tmp_path / "file" / "out")
        with gallery._store._writer.connection() as db:
            db.execute("UPDATE vectors SET checksum = 0 WHERE key = 5")
        with pytest.raises(GalleryError, match="changed since"):
            gallery.export(tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "g"]
