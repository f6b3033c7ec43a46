"""A desk over the gallery of seven figures, without any page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.street import fill
from tests.helpers.toy import ToyDetector, ToyEncoder
from textreid.search.person_search import PersonSearch
from textreid.service.desk import Desk


@pytest.fixture
def search(tmp_path: Path) -> Iterator[PersonSearch]:
    with PersonSearch.open(tmp_path / "gallery", create=True, encoder=ToyEncoder()) as search:
        fill(search, tmp_path)
        yield search


@pytest.fixture
def desk(search: PersonSearch) -> Desk:
    return Desk(search, detector=ToyDetector())
