"""`textreid index`: photos and video into a gallery."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from textreid.cli._add_report import print_report
from textreid.cli._console import plural, stderr
from textreid.cli._options import Device, GalleryFolder, ModelName, Zone
from textreid.cli._progress import make_bars
from textreid.io.zones import zone_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textreid.ingest.indexing import IndexProgress


def run(
    photos: Annotated[
        list[str],  # a path would make "." of an empty text
        typer.Argument(help="Folders, image files, zip files and video files.", show_default=False),
    ],
    gallery: GalleryFolder,
    crops: Annotated[
        bool, typer.Option("--crops", help="Each image already is one person: look for nobody.")
    ] = False,
    detector: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="What finds the people: auto, nanodet, hog, rtdetr, or a folder or hub id."
        ),
    ] = "auto",
    camera: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The camera; else read from the file name or the folder."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When the video starts, such as 2026-03-01T14:05 (in --zone)."),
    ] = None,
    zone: Zone = None,
    model: ModelName = None,
    device: Device = "auto",
) -> None:
    """Find the people in photos and video and add them to a gallery.

    Running it again adds only what is new. An unreadable file is reported and skipped. Stop it whenever you
    like: what was added stays, and the same command goes on from there.

    Examples:
      textreid index photos/ --gallery gallery
      textreid index yard.mp4 --gallery gallery --camera yard --start 2026-03-01T14:05
      textreid index sdcard/ --gallery gallery --zone Europe/Berlin
      textreid index Market-1501-v15.09.15/bounding_box_test --gallery market --crops
    """
    from textreid.search.filters import posix_seconds
    from textreid.search.person_search import PersonSearch

    began = posix_seconds(start, zone_named(zone)) if start else None
    with PersonSearch.open(gallery, model=model, device=device, create=True) as search:
        with _progress_bar() as show:
            try:
                report = search.add(
                    photos,
                    crops=crops,
                    detector=detector,
                    camera=camera,
                    start=began,
                    zone=zone,
                    progress=show,
                )
            except KeyboardInterrupt:
                stderr().print("Stopped. What was added stays; the same command goes on from here.")
                raise
        # Where nothing is new no model was loaded, and the hint is not worth loading one.
        described = not report.added or search.encoder.reads_text
        example = '"a man in a blue shirt"' if described else "--image PHOTO"
        print_report(report, gallery, len(search.gallery), example, zone or "UTC")


@contextmanager
def _progress_bar() -> Iterator[Callable[[IndexProgress], None]]:
    """A bar with what is read, how fast, and how long it will still take."""
    console = stderr()
    with make_bars(console, transient=console.is_terminal) as bars:
        task = bars.add_task("looking for what is new", total=None, details="")
        begun: float | None = None

        def show(progress: IndexProgress) -> None:
            nonlocal begun
            if progress.outdated:
                console.print(_outdated(progress.outdated))
            if begun is None:
                begun = progress.done
                bars.reset(task, description="files")
            files, seconds = progress.done - begun, bars.tasks[0].elapsed or 0.0
            rate = f"{files / seconds:.1f} files/s, " if files >= 1 and seconds > 1 else ""
            found = plural(progress.people, "person", "people")
            bars.update(
                task,
                total=progress.total,
                completed=progress.done,
                details=f"{rate}{found}, {escape(Path(progress.source).name)}",
            )

        yield show


def _outdated(people: int) -> str:
    """That people will go, said before they do."""
    return (
        f"[yellow]note[/] {plural(people, 'person', 'people')} found by an earlier reading of these files,"
        " with other settings or of other content, will go as the files are read again."
    )
