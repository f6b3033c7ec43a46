"""What each branch is worth: add one at a time, train each time anew with an equal budget, measure.

    python benchmarks/ablation.py image --root data --out runs/ablation
    python benchmarks/ablation.py text --root data --out runs/ablation
    python benchmarks/ablation.py alone --root data --out runs/ablation

"image" trains on Market-1501 and on the images of CUHK-PEDES that show its training persons, and searches
by photo; their captions are used by the last row alone. "text" trains on every seventh person of CUHK-PEDES,
so that each is seen often enough within the budget, and searches by description; "alone" does so without a
loss made for text. `--root` holds CUHK-PEDES/, Market-1501-v15.09.15/ and market_attribute.mat. Options and
the budget are those of benchmarks/ablation/*.toml and of ROWS below. Run it again to go on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from textreid.data import datasets
from textreid.data.attributes import with_attributes
from textreid.evaluate import Benchmark, evaluate
from textreid.inference import Encoder
from textreid.recipe import DataRecipe, Recipe, load_recipe, with_root
from textreid.training import Reporter, StepReport, train

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "ablation.json"
REPORTED = ("R1", "R5", "mAP", "mINP", "queries", "gallery", "ci95")
ROWS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "image": (
        ("identification", ("loss.identification.weight=1.0",)),
        ("+ verification", ("loss.verification.weight=0.5", "loss.verification.pairs=images")),
        ("+ triplet", ("loss.triplet.weight=1.0", "loss.triplet.pairs=images")),
        ("+ attributes", ("loss.attributes.weight=0.5",)),
        (
            "+ parts",
            (
                "model.branches.stripes={count = 4, dim = 128, weight = 0.5, text = 'none'}",
                "loss.identification@stripes.weight=0.5",
            ),
        ),
        (
            "+ text",
            (
                "model.reads_text=true",
                "model.branches.stripes.text=attention",
                "loss.sdm.weight=0.5",
            ),
        ),
    ),
    "text": (
        ("text (SDM)", ("loss.sdm.weight=1.0",)),
        ("+ identification", ("loss.identification.weight=1.0",)),
        ("+ verification", ("loss.verification.weight=0.5",)),
        ("+ triplet", ("loss.triplet.weight=1.0",)),
        ("+ attributes", ("loss.attributes.weight=0.5",)),
        (
            "+ parts",
            (
                "model.branches.stripes={count = 4, dim = 128, weight = 0.5}",
                "loss.identification@stripes.weight=0.5",
                "loss.sdm@stripes.weight=0.5",
            ),
        ),
    ),
    "alone": (
        ("identification", ("loss.identification.weight=1.0",)),
        ("+ verification", ("loss.verification.weight=0.5",)),
        ("+ triplet", ("loss.triplet.weight=1.0",)),
    ),
}
"""Series -> (row, what it adds to the rows before it)."""


def market_with_sentences(root: Path, out: Path) -> Path:
    """Market-1501's training persons in the layout of one's own data: all images, and some captions.

    CUHK-PEDES describes images of the same persons; their file names carry Market-1501's person and camera.
    """
    annotated = DataRecipe("market1501", attributes=str(root / "market_attribute.mat"))
    rows = [
        {"image": str(crop.image.resolve()), "person": crop.person_id, "camera": crop.camera_id}
        | {"attributes": dict(crop.attributes), "split": "train"}
        for crop in with_attributes(datasets.load("market1501", root, "train"), annotated)
    ]
    persons = {row["person"] for row in rows}
    attributes_of = {row["person"]: row["attributes"] for row in rows}
    for crop in datasets.load("cuhk-pedes", root, "train"):
        match = re.match(r"Market/(\d{4})_c(\d)", crop.id)
        if match and int(match[1]) in persons:
            person = int(match[1])
            rows.append(
                {"image": str(crop.image.resolve()), "person": person, "camera": int(match[2])}
                | {"attributes": attributes_of[person], "captions": list(crop.captions), "split": "train"}
            )
    return write_table(rows, out / "market-with-sentences")


def some_of_cuhk_pedes(root: Path, out: Path) -> Path:
    """Every seventh training person of CUHK-PEDES, with its captions, in the layout of one's own data."""
    rows = [
        {"image": str(crop.image.resolve()), "person": crop.person_id, "captions": list(crop.captions)}
        for crop in datasets.load("cuhk-pedes", root, "train")
        if crop.person_id is not None and crop.person_id % 7 == 0
    ]
    return write_table(rows, out / "some-of-cuhk-pedes")


def write_table(rows: list[dict[str, Any]], folder: Path) -> Path:
    """The folder, with a table that names the images where they lie."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "people.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def recipe_of(series: str, row: int, seed: int, data: Path) -> Recipe:
    """The base recipe with everything that this row and those before it add."""
    added = [override for _, overrides in ROWS[series][: row + 1] for override in overrides]
    recipe = load_recipe(str(HERE / "ablation" / f"{series}.toml"), [*added, f"seed={seed}"])
    return with_root(recipe, data)


def run(series: str, row: int, seed: int, data: Path, root: Path, out: Path) -> dict[str, Any]:
    """Train one row with one seed unless that is done, and measure it."""
    recipe = recipe_of(series, row, seed, data)
    folder = out / f"{series}-{row}-{seed}"
    name = ROWS[series][row][0]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(f"{name}, seed {seed}", total=None)

        class Bar(Reporter):
            def step(self, report: StepReport) -> None:
                done = report.epoch * report.steps + report.step
                bars.update(task, total=report.epochs * report.steps, completed=done)

        model = train(recipe, folder, reporter=Bar())
    dataset, split, direction = {
        "image": ("market1501", "test", "image_to_image"),
        "text": ("cuhk-pedes", "val", "text_to_image"),
        "alone": ("cuhk-pedes", "val", "text_to_image"),
    }[series]
    measured = evaluate(Encoder.load(model), Benchmark.read(dataset, root, split)).directions[direction]
    kept = {key: value for key, value in measured.to_dict().items() if key in REPORTED}
    return {"series": series, "row": name, "seed": seed, "direction": direction, **kept}


def write(result: dict[str, Any]) -> None:
    """Put one result in the place of an older one of the same row."""
    key = ("series", "row", "seed")
    rows = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else []
    rows = [row for row in rows if any(row[name] != result[name] for name in key)] + [result]
    order = {(series, name): n for series in ROWS for n, (name, _) in enumerate(ROWS[series])}
    rows.sort(key=lambda row: (row["series"], order[row["series"], row["row"]], row["seed"]))
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Train and measure every row, one seed after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("series", choices=list(ROWS))
    parser.add_argument(
        "--root", type=Path, required=True, help="holds CUHK-PEDES/ and Market-1501-v15.09.15/"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--seeds", type=int, default=1, help="how often each row is trained")
    given = parser.parse_args()
    prepare = market_with_sentences if given.series == "image" else some_of_cuhk_pedes
    data = prepare(given.root, given.out)
    for seed in range(given.seeds):
        for row in range(len(ROWS[given.series])):
            result = run(given.series, row, seed, data, given.root, given.out)
            write(result)
            print(
                f"{result['row']:>16}  seed {seed}  R@1 {result['R1']:.2f}  mAP {result['mAP']:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
