"""What is written down of a search: what was asked, and nothing that was not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from textreid.search.search_log import SearchLog
from textreid_index import Hits, Where

NOBODY = Hits(np.empty(0, np.float32), ())


def test_filters_are_logged_as_asked(tmp_path: Path) -> None:
    log = SearchLog(tmp_path / "searches.jsonl")
    log.write(NOBODY, text="a man", where=Where(camera="gate", offset_since=0.0, exclude=frozenset("ba")))
    log.write(NOBODY, text="a man")
    first, second = (json.loads(line)["where"] for line in log.path.read_text().splitlines())
    assert first == {"camera": "gate", "offset_since": 0.0, "exclude": ["a", "b"]}
    assert second == {}


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    assert SearchLog(tmp_path / "searches.jsonl").path.stat().st_mode & 0o077 == 0
