"""The README's numbers are those in benchmarks/results/, and the table says what was measured."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

from tests.docs.pages import ROOT

WITH_RESULTS = runpy.run_path(str(ROOT / "benchmarks" / "readme.py"))["with_results"]


def test_the_table_is_current() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert text.count("<!-- results -->\n") == text.count("<!-- /results -->\n") == 1
    assert WITH_RESULTS(text) == text, (
        "the README's table is not that of benchmarks/results/: run make results"
    )


def test_a_row_shows_its_numbers_and_its_command(tmp_path: Path) -> None:
    row = {
        "dataset": "cuhk-pedes",
        "split": "val",
        "task": "text_to_image",
        "R1": 12.34,
        "R5": 50,
        "R10": 60.06,
    }
    row |= {
        "mAP": 11.1,
        "mINP": None,
        "queries": 6158,
        "gallery": 3078,
        "command": "textreid eval cuhk-pedes",
    }
    (tmp_path / "a.json").write_text(json.dumps({"model": "small", "rows": [row]}))
    page = WITH_RESULTS("before\n<!-- results -->\nold\n<!-- /results -->\nafter\n", tmp_path)
    assert (
        "| small | cuhk-pedes val | text to image | 12.3 | 50.0 | 60.1 | 11.1 | – | 6,158 | 3,078 |" in page
    )
    assert "textreid eval cuhk-pedes" in page
    assert page.startswith("before\n")
    assert page.endswith("after\n")
    assert "old" not in page
