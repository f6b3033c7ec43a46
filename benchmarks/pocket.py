"""Measure a built-in model by the official protocols; write its result file and the results in its card.

    textreid synthesize --format cuhk-pedes --identities 500 --seed 7 --out data/drawn
    python benchmarks/pocket.py --model pocket --root data --drawn data/drawn
    python benchmarks/pocket.py --model pocket-synthetic --root data --drawn data/drawn

`--root` holds CUHK-PEDES/ and Market-1501-v15.09.15/. Then `make results` brings the numbers into the README.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard
from readme import between

from textreid.catalog import find_model
from textreid.evaluate import Benchmark, Evaluation, Methods, by_caption, evaluate
from textreid.inference import RERANKED_HITS, Encoder

RESULTS = Path(__file__).parent / "results"
REPORTED = ("R1", "R5", "R10", "mAP", "mINP", "queries", "gallery", "ci95")
START, END = "<!-- measured -->\n", "<!-- /measured -->\n"
SPOKEN_OF = 100
"""Queries of which a group in the card has at least so many."""


def rows_of(evaluation: Evaluation, shown: str, command: str) -> list[dict[str, Any]]:
    """One row for each direction of a protocol, and one for each that the matcher orders anew."""
    split = evaluation.benchmark.split
    results = [
        (task, command, result) for task, result in {**evaluation.directions, **evaluation.plain}.items()
    ]
    results += [
        (f"{task}, matcher", f"{command} --rerank {evaluation.methods.rerank}", evaluation.directions[task])
        for task in evaluation.plain
    ]
    return [
        {"dataset": shown, "split": split, "task": task, "command": how}
        | {name: value for name, value in result.to_dict().items() if name in REPORTED}
        for task, how, result in results
    ]


def by_what_is_said(evaluation: Evaluation) -> list[dict[str, Any]]:
    """What captions speak of, and how well those that do find their person; the best found first."""
    groups = evaluation.parts["text_to_image"]["caption"].items()
    said = [
        {"said": name, "queries": result.queries, "R1": result.percent["R1"], "mAP": result.percent["mAP"]}
        for name, result in groups
        if result.queries >= SPOKEN_OF
    ]
    return sorted(said, key=lambda row: -row["R1"])


def write_card(model: str, rows: list[dict[str, Any]], said: list[dict[str, Any]]) -> None:
    """The measured numbers into the card beside the weights: in the hub's format, and as tables."""
    path = find_model(model)[1] / "README.md"
    card = ModelCard.load(path)
    card.data.model_name = model
    card.data.eval_results = [
        EvalResult(
            task_type=row["task"].partition(",")[0].replace("_", "-"),
            task_name=row["task"].replace("_", " "),
            dataset_type=row["dataset"].lower().replace(" ", "-"),
            dataset_name=f"{row['dataset']} {row['split']} {row['task'].replace('_', ' ')}",
            metric_type=metric,
            metric_name="".join([metric, *row["task"].partition(",")[1:]]),
            metric_value=round(row[metric], 2),
        )
        for row in rows
        for metric in ("R1", "mAP")
    ]
    card.text = between(card.text, START, END, tables(rows, said))
    card.save(path)


def tables(rows: list[dict[str, Any]], said: list[dict[str, Any]]) -> str:
    """The card's two tables, in Markdown."""
    lines = ["| data | task | R@1 | mAP |", "| --- | --- | --- | --- |"]
    for row in rows:
        cells = [
            f"{row[metric]:.1f} [{row['ci95'][metric][0]:.1f}, {row['ci95'][metric][1]:.1f}]"
            for metric in ("R1", "mAP")
        ]
        task = row["task"].replace("_", " ")
        lines.append(f"| {row['dataset']} {row['split']} | {task} | {' | '.join(cells)} |")
    lines += [
        "",
        "What captions of CUHK-PEDES val speak of, and how often their person comes first:",
        "",
    ]
    lines += ["| said | captions | R@1 | mAP |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {row['said']} | {row['queries']:,} | {row['R1']:.1f} | {row['mAP']:.1f} |" for row in said]
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True, help="name of a built-in model")
    parser.add_argument(
        "--root", type=Path, required=True, help="holds CUHK-PEDES/ and Market-1501-v15.09.15/"
    )
    parser.add_argument("--drawn", type=Path, required=True, help="drawn people in the layout of CUHK-PEDES")
    given = parser.parse_args()
    encoder, model = Encoder.load(given.model), given.model
    searched = Methods(rerank=RERANKED_HITS if encoder.matcher else 0)
    val, test = (
        Benchmark.read("cuhk-pedes", root, split)
        for root, split in ((given.root, "val"), (given.drawn, "test"))
    )
    described = evaluate(encoder, val, methods=searched, by={"caption": by_caption})
    photographed = evaluate(encoder, Benchmark.read("market1501", given.root, "test"))
    drawn = evaluate(encoder, test, methods=searched)
    which = "" if model == "pocket" else f" --model {model}"
    rows = [
        *rows_of(described, "CUHK-PEDES", f"textreid eval cuhk-pedes --root data --split val{which}"),
        *rows_of(
            photographed, "Market-1501 (validation persons)", f"textreid eval market1501 --root data{which}"
        ),
        *rows_of(drawn, "Drawn people", f"textreid eval cuhk-pedes --root data/drawn --split test{which}"),
    ]
    said = by_what_is_said(described)
    results = RESULTS / f"{model}.json"
    results.write_text(json.dumps({"model": model, "rows": rows, "said": said}, indent=2) + "\n", "utf-8")
    write_card(model, rows, said)
    print(results.read_text("utf-8"))


if __name__ == "__main__":
    main()
