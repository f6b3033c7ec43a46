"""A sample of a gallery's vectors is spread over all of it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.toy_gallery import TOY
from textreid_index import Embeddings, Gallery, Record

PEOPLE = 50


@pytest.fixture
def vectors():
    rows = np.random.default_rng(0).normal(size=(PEOPLE, TOY.dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("backend", ["exact", "flat"])
def test_first_last_and_evenly_between(tmp_path, vectors, backend):
    with Gallery.open(tmp_path / "g", create=True, backend=backend) as gallery:
        assert len(gallery.sample(4)) == 0
        records = [Record(str(number), "a.jpg") for number in range(PEOPLE)]
        gallery.add(records, Embeddings([r.id for r in records], vectors, TOY), [b"jpeg"] * PEOPLE)
        np.testing.assert_array_equal(gallery.sample(8), vectors[::7])
        np.testing.assert_array_equal(gallery.sample(1000), vectors)
        gallery.delete(["0"])
        np.testing.assert_array_equal(gallery.sample(1), vectors[1:2])
        gallery.delete([record.id for record in records])
        assert len(gallery.sample(4)) == 0
