"""Write the README's measured table from benchmarks/results/*.json: `make results`.

A result file is {"model": NAME, "rows": [{"dataset", "split", "task", "R1", "R5", "R10", "mAP", "mINP",
"queries", "gallery", "command"}, ...]}, its percentages as `textreid eval --json` prints them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
START, END = "<!-- results -->\n", "<!-- /results -->\n"
COLUMNS = ("R1", "R5", "R10", "mAP", "mINP")


def read_results(folder: Path) -> list[dict[str, Any]]:
    """Every measured row, with its model, in the order of the files and of the rows in them."""
    files = [json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json"))]
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
    commands = dict.fromkeys(row["command"] for row in rows)
    return "\n".join([*lines, "", "```bash no-run", *commands, "```", ""])


def with_results(readme: str, folder: Path = RESULTS) -> str:
    """The README's text with the part between the two markers written anew."""
    before, _, rest = readme.partition(START)
    _, _, after = rest.partition(END)
    return before + START + render(read_results(folder)) + END + after


if __name__ == "__main__":
    page = ROOT / "README.md"
    page.write_text(with_results(page.read_text("utf-8")), "utf-8")
