"""Measure the built-in model by the official protocols; write its result file and the results in its card.

    textreid synthesize --format cuhk-pedes --identities 500 --seed 7 --out data/drawn
    python benchmarks/pocket.py --root data --drawn data/drawn

`--root` holds CUHK-PEDES/ and Market-1501-v15.09.15/. Then `make results` brings the numbers into the README.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard

from textreid.benchmark import Benchmark
from textreid.catalog import find_model
from textreid.encode import Encoder
from textreid.evaluate import evaluate

RESULTS = Path(__file__).parent / "results" / "pocket.json"
REPORTED = ("R1", "R5", "R10", "mAP", "mINP", "queries", "gallery", "ci95")
MODEL = "pocket"


def measure(
    encoder: Encoder, shown: str, dataset: str, root: Path, split: str, command: str
) -> list[dict[str, Any]]:
    """One row for each direction of a protocol."""
    directions = evaluate(encoder, Benchmark.read(dataset, root, split)).directions
    return [
        {"dataset": shown, "split": split, "task": task, "command": command}
        | {name: value for name, value in result.to_dict().items() if name in REPORTED}
        for task, result in directions.items()
    ]


def write_card(rows: list[dict[str, Any]]) -> None:
    """The measured numbers, in the hub's format, into the card beside the weights."""
    path = find_model(MODEL)[1] / "README.md"
    card = ModelCard.load(path)
    card.data.model_name = MODEL
    card.data.eval_results = [
        EvalResult(
            task_type=row["task"].replace("_", "-"),
            task_name=row["task"].replace("_", " "),
            dataset_type=row["dataset"].lower().replace(" ", "-"),
            dataset_name=f"{row['dataset']} {row['split']} {row['task'].replace('_', ' ')}",
            metric_type=metric,
            metric_name=metric,
            metric_value=round(row[metric], 2),
        )
        for row in rows
        for metric in ("R1", "mAP")
    ]
    card.save(path)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--root", type=Path, required=True, help="holds CUHK-PEDES/ and Market-1501-v15.09.15/"
    )
    parser.add_argument("--drawn", type=Path, required=True, help="drawn people in the layout of CUHK-PEDES")
    given = parser.parse_args()
    encoder = Encoder.load(MODEL)
    runs = (
        ("CUHK-PEDES", "cuhk-pedes", given.root, "val", "textreid eval cuhk-pedes --root data --split val"),
        (
            "Market-1501 (validation persons)",
            "market1501",
            given.root,
            "test",
            "textreid eval market1501 --root data",
        ),
        (
            "Drawn people",
            "cuhk-pedes",
            given.drawn,
            "test",
            "textreid eval cuhk-pedes --root data/drawn --split test",
        ),
    )
    rows = [row for run in runs for row in measure(encoder, *run)]
    RESULTS.write_text(json.dumps({"model": MODEL, "rows": rows}, indent=2) + "\n", encoding="utf-8")
    write_card(rows)
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
