"""Write the measured tables of README.md and docs/ablation.md from benchmarks/results/*.json: `make results`.

A result file is {"model": NAME, "rows": [{"dataset", "split", "task", "R1", "R5", "R10", "mAP", "mINP",
"queries", "gallery", "command"}, ...]}, its percentages as `textreid eval --json` prints them. The ablation's
is what benchmarks/ablation.py writes. methods.json, once there is one, is a list of {"recipe", "seed",
"minutes", "R1", "mAP", "baseline_R1", "baseline_mAP"}.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
START, END = "<!-- results -->\n", "<!-- /results -->\n"
COLUMNS = ("R1", "R5", "R10", "mAP", "mINP")
METHODS = {
    "market1501-dml": "stripes and binomial deviance",
    "market1501-fpnn": "patch matching, 50 re-ranked",
    "market1501-idla": "neighbour comparison, 50 re-ranked",
    "market1501-gated": "matching gate, 50 re-ranked",
    "market1501-pan": "pedestrian alignment",
    "market1501-oim": "online instance matching",
    "cuhk-pedes-domain-dropout": "domain-guided dropout",
    "market1501-lsro": "generated samples, LSRO",
    "market1501-verif-ident-lsro": "the same with verification",
    "market1501-distillation": "distillation",
    "market1501-pul": "PUL, no labels",
    "market1501-cluster-contrast": "cluster contrast, no labels",
    "market1501-adda": "ADDA, no labels",
    "cuhk-pedes-gna-rnn": "GNA-RNN, val whole re-ranked",
}
"""Recipe -> what it is in the table of methods."""


def read_results(folder: Path) -> list[dict[str, Any]]:
    """Every measured row, with its model, in the order of the files and of the rows in them."""
    files = [
        json.loads(file.read_text("utf-8"))
        for file in sorted(folder.glob("*.json"), key=lambda file: file.stem)
    ]
    return [{"model": file["model"], **row} for file in files if "rows" in file for row in file["rows"]]


def render(rows: list[dict[str, Any]]) -> str:
    """The table, and under it the commands that give its numbers."""
    if not rows:
        return "No result is recorded yet.\n"
    lines = [
        "| Model | Data | Task | R@1 | R@5 | R@10 | mAP | mINP | Queries | Gallery |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        scores = " | ".join("–" if row.get(name) is None else f"{row[name]:.1f}" for name in COLUMNS)
        sizes = f"{row['queries']:,} | {row['gallery']:,}"
        data, task = f"{row['dataset']} {row['split']}", row["task"].replace("_", " ")
        lines.append(f"| {row['model']} | {data} | {task} | {scores} | {sizes} |")
    commands = dict.fromkeys(
        row["command"].replace(" --match ", " --rerank ") for row in rows
    )  # of old results
    return "\n".join([*lines, "", "```bash no-run", *commands, "```", ""])


def with_results(readme: str, folder: Path = RESULTS) -> str:
    """The README's text with the part between the two markers written anew."""
    return between(readme, START, END, render(read_results(folder)))


def with_ablation(page: str, folder: Path = RESULTS) -> str:
    """The text of docs/ablation.md with its tables written anew."""
    rows = json.loads((folder / "ablation.json").read_text("utf-8"))
    for series in ("image", "text", "alone"):
        start, end = f"<!-- {series} -->\n", f"<!-- /{series} -->\n"
        page = between(page, start, end, render_ablation([row for row in rows if row["series"] == series]))
    file = folder / "methods.json"
    measured = json.loads(file.read_text("utf-8")) if file.is_file() else []
    return between(page, "<!-- methods -->\n", "<!-- /methods -->\n", render_methods(measured))


def render_ablation(rows: list[dict[str, Any]]) -> str:
    """One line a row, the mean over its seeds; the interval is over persons, for the first seed."""
    lines = ["| trained with | R@1 | 95 % interval | mAP | 95 % interval | seeds |"]
    lines.append("| --- | ---: | --- | ---: | --- | ---: |")
    for name in dict.fromkeys(row["row"] for row in rows):
        runs = [row for row in rows if row["row"] == name]
        cells = []
        for metric in ("R1", "mAP"):
            low, high = runs[0]["ci95"][metric]
            cells.append(f"{sum(run[metric] for run in runs) / len(runs):.1f} | {low:.1f} – {high:.1f}")
        lines.append(f"| {name} | {cells[0]} | {cells[1]} | {len(runs)} |")
    return "\n".join([*lines, ""])


def render_methods(rows: list[dict[str, Any]]) -> str:
    """One line a method: its mean over seeds, and that of the baseline of the same seeds and minutes."""
    lines = ["| method | recipe | R@1 | mAP | baseline R@1 | baseline mAP | minutes | seeds |"]
    lines.append("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for recipe, name in METHODS.items():
        runs = [row for row in rows if row["recipe"] == recipe]
        cells = ["not measured yet", *["–"] * 4, "0"]
        if runs:
            keys = ("R1", "mAP", "baseline_R1", "baseline_mAP", "minutes")
            cells = [f"{sum(run[key] for run in runs) / len(runs):.1f}" for key in keys] + [f"{len(runs)}"]
        lines.append(f"| {name} | `{recipe}` | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def between(page: str, start: str, end: str, content: str) -> str:
    """The page with `content` in the place of what stands between two markers."""
    before, _, rest = page.partition(start)
    _, _, after = rest.partition(end)
    return before + start + content + end + after


if __name__ == "__main__":
    for page, rewrite in ((ROOT / "README.md", with_results), (ROOT / "docs" / "ablation.md", with_ablation)):
        page.write_text(rewrite(page.read_text("utf-8")), "utf-8")
