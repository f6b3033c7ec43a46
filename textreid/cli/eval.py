"""`textreid eval`: a model measured by a published protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from textreid.cli._console import print_json, print_table, stderr
from textreid.cli._options import AsJson, Device, ImageFolder, ReportFile, ReportPictures
from textreid.cli._progress import progress_bars
from textreid.cli._results import (
    columns_of,
    counts_in_words,
    metrics_table,
    parts_tables,
    runtimes_in_words,
    say_note,
    warn_of_differences,
)
from textreid.data import datasets
from textreid.errors import warn_renamed


def run(
    dataset: Annotated[
        str, typer.Argument(help=f"One of {', '.join(datasets.names())}.", show_default=False)
    ],
    root: Annotated[
        Path,
        typer.Option(
            "--root",
            metavar="DIR",
            help="The folder that holds CUHK-PEDES/ or Market-1501-v15.09.15/, or that folder itself.",
            show_default=False,
        ),
    ],
    split: Annotated[str, typer.Option(help="train, val or test; image data sets have only test.")] = "test",
    distractors: Annotated[
        str,
        typer.Option(
            metavar="SPLIT",
            help="Images of this split join the gallery, as people whom no query asks for.",
        ),
    ] = "",
    direction: Annotated[
        list[str],
        typer.Option(
            "--direction",
            metavar="NAME",
            help="text_to_image, image_to_text or image_to_image; may be repeated. Left out: as in papers.",
            show_default=False,
        ),
    ] = [],  # noqa: B006
    flip: Annotated[bool, typer.Option("--flip", help="Mean of each image and its mirror image.")] = False,
    multi_query: Annotated[
        str,
        typer.Option(metavar="HOW", help="Join the images of a person and camera: mean or max."),
    ] = "",
    expand: Annotated[
        int, typer.Option(metavar="N", help="Query expansion by the best N hits; 3 is usual.")
    ] = 0,
    alpha: Annotated[float, typer.Option(help="Weight of those hits: cosine to this power; 0: equal.")] = 3.0,
    rerank: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="K",
            help="The model's matcher reads each query with its best K images and puts those into order.",
        ),
    ] = 0,
    k_reciprocal: Annotated[
        bool, typer.Option("--k-reciprocal", help="k-reciprocal re-ranking (Zhong et al.).")
    ] = False,
    match: Annotated[int, typer.Option(min=0, hidden=True)] = 0,
    by: Annotated[
        list[str],
        typer.Option(
            "--by",
            metavar="NAME",
            help="Also measure parts of the queries: source, camera, attribute or caption; may be repeated.",
            show_default=False,
        ),
    ] = [],  # noqa: B006
    report: ReportFile = None,
    pictures: ReportPictures = False,
    model: Annotated[
        str,
        typer.Option(metavar="NAME", help="A model's name, folder or hub id, or a training run's folder."),
    ] = "pocket",
    device: Device = "auto",
    image_folder: ImageFolder = "",
    as_json: AsJson = False,
) -> None:
    """Measure a model on a research data set by its official protocol.

    Captioned sets are searched by caption (text to image) and back, the others by image, single query.
    Percentages come with 95 % intervals over persons. Of a training run, the epoch that was best on val is
    measured, and beside it, where the run stored them, the epoch that is best on this very split.

    \b
    Examples:
      textreid eval cuhk-pedes --root data --split val
      textreid eval cuhk-pedes --root data --split test --model runs/mine --json > mine.json
      textreid eval cuhk-pedes --root data --by source --report report.html
      textreid eval market1501 --root data --flip --k-reciprocal
      textreid eval market1501 --root data --distractors train
    """  # noqa: D301
    from textreid.data.image_paths import require_files
    from textreid.evaluate.answers import require_answers
    from textreid.evaluate.benchmark import Benchmark
    from textreid.evaluate.directions import choose_directions
    from textreid.evaluate.epoch_choice import is_run, measure_run, to_dict
    from textreid.evaluate.evaluation import Evaluation, evaluate
    from textreid.evaluate.groups import find_groups
    from textreid.evaluate.methods import Methods
    from textreid.report.entries import Entry, entries_of
    from textreid.report.report_file import check_target, write_report
    from textreid.types import ImageTextEncoder

    benchmark = Benchmark.read(dataset, root, split, image_folder)
    if distractors:
        benchmark = benchmark.with_distractors(distractors, image_folder)
    if match:
        warn_renamed(f"--match {match}", f"--rerank {match}")
        rerank = match
    methods = Methods.named(flip, multi_query, expand, alpha, k_reciprocal=k_reciprocal, rerank=rerank)
    directions, groups = choose_directions(benchmark, direction), {name: find_groups(name) for name in by}
    if report:
        check_target(report, pictures=pictures)
    warn_of_differences(benchmark)
    require_answers(benchmark, directions)
    require_files((*benchmark.queries, *benchmark.gallery), f"{dataset} {split}")

    from textreid.inference.encoder import Encoder  # only now, so that a wrong folder is said at once

    def load(name: str) -> Encoder:
        return Encoder.load(name, device=device)

    with progress_bars() as show:

        def measure(encoder: ImageTextEncoder) -> Evaluation:
            return evaluate(
                encoder,
                benchmark,
                methods=methods,
                directions=directions,
                by=groups,
                progress=show,
                say=say_note,
            )

        if is_run(model):
            selections = measure_run(model, load, measure)
            entries, printed = entries_of(selections), to_dict(selections)
        else:
            evaluation = measure(load(model))
            entries, printed = [Entry(evaluation)], evaluation.to_dict()
    if report:
        write_report(report, entries, pictures=pictures)
        stderr().print(f"Wrote {report}.", markup=False)
    if as_json:
        print_json(printed)
        return
    columns = {
        heading: result
        for entry in entries
        for heading, result in columns_of(entry.evaluation, entry.selection).items()
    }
    first = entries[0].evaluation
    among = f" among {distractors}" if distractors else ""
    title = f"{dataset} {split}{among}: {model if is_run(model) else first.encoder.name}"
    caption = (
        rf"{counts_in_words(first)}. Percent, \[95 % interval]. Encoded with {runtimes_in_words(first)}."
    )
    print_table(metrics_table(title, caption, columns))
    for table in parts_tables(first):
        print_table(table)
