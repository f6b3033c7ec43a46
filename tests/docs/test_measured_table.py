"""The numbers of README.md and docs/ablation.md are those in benchmarks/results/."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

from tests.helpers.docs_pages import ROOT
from textreid.recipe import recipe_names

SCRIPT = runpy.run_path(str(ROOT / "benchmarks" / "readme.py"))
WITH_RESULTS, WITH_ABLATION = SCRIPT["with_results"], SCRIPT["with_ablation"]


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


def test_the_ablation_is_current() -> None:
    text = (ROOT / "docs" / "ablation.md").read_text("utf-8")
    assert text.count("<!-- image -->\n") == text.count("<!-- /text -->\n") == 1
    assert WITH_ABLATION(text) == text, "docs/ablation.md is not benchmarks/results/: run make results"


PLACES = "".join(f"<!-- {name} -->\n<!-- /{name} -->\n" for name in ("image", "text", "alone", "methods"))


def test_a_method_says_its_mean_over_seeds_or_that_it_is_not_measured(tmp_path: Path) -> None:
    runs = [
        {"recipe": "market1501-pan", "seed": seed, "minutes": 4.0, "R1": r1, "mAP": 40.0}
        | {"baseline_R1": 60.0, "baseline_mAP": 41.0}
        for seed, r1 in ((0, 61.0), (1, 62.0), (2, 63.0))
    ]
    (tmp_path / "ablation.json").write_text("[]")
    (tmp_path / "methods.json").write_text(json.dumps(runs))
    page = WITH_ABLATION(PLACES, tmp_path)
    assert "| pedestrian alignment | `market1501-pan` | 62.0 | 40.0 | 60.0 | 41.0 | 4.0 | 3 |" in page
    assert "| online instance matching | `market1501-oim` | not measured yet |" in page


def test_every_method_in_the_table_has_a_recipe() -> None:
    assert set(SCRIPT["METHODS"]) <= set(recipe_names())


def test_an_ablation_row_is_the_mean_over_seeds(tmp_path: Path) -> None:
    runs = [
        {"series": "image", "row": "identification", "seed": seed, "R1": r1, "mAP": 50.0}
        | {"ci95": {"R1": [60.0, 70.04], "mAP": [48.0, 52.0]}}
        for seed, r1 in ((0, 65.0), (1, 66.0))
    ]
    (tmp_path / "ablation.json").write_text(json.dumps(runs))
    page = WITH_ABLATION(PLACES, tmp_path)
    assert "| identification | 65.5 | 60.0 – 70.0 | 50.0 | 48.0 – 52.0 | 2 |" in page
