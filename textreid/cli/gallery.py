"""`textreid gallery`: look after a gallery."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from textreid.cli._console import plural, print_json, print_table, stderr
from textreid.cli._options import AsJson, GalleryFolder

run = typer.Typer(no_args_is_help=True, help="Look after a gallery: info, verify, delete, forget, export.")

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@run.command()
def info(gallery: GalleryFolder, as_json: AsJson = False) -> None:
    """Say what a gallery holds.

    Examples:
      textreid gallery info --gallery gallery
    """
    from rich.markup import escape
    from rich.table import Table

    from textreid_index import Gallery

    with Gallery.open(gallery) as opened:
        stats, cameras = opened.stats(), opened.cameras()
        failed = [source for source in opened.sources() if source.status == "failed"]
        backend = opened.backend_name
    encoder = stats.encoder
    if as_json:
        print_json(asdict(stats) | {"cameras": cameras, "failed": [asdict(source) for source in failed]})
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("people", f"{stats.people:,}")
    table.add_row("sources", f"{stats.sources:,}, of which {len(failed):,} could not be used")
    table.add_row("cameras", escape(", ".join(cameras)) or "none named")
    table.add_row("model", escape(str(encoder)) if encoder else "none yet")
    table.add_row("size", f"{stats.bytes / 1e6:,.1f} MB")
    table.add_row("search", backend)
    table.add_row("may be read by", escape(stats.readers))
    print_table(table)


@run.command()
def verify(gallery: GalleryFolder) -> None:
    """Check every stored byte; the exit code is 1 if something is wrong.

    Examples:
      textreid gallery verify --gallery gallery
    """
    from textreid_index import Gallery

    with Gallery.open(gallery) as opened:
        problems, people = opened.verify(), len(opened)
    for problem in problems:
        print(problem)
    if problems:
        raise typer.Exit(1)
    print(f"All is well with {plural(people, 'person', 'people')}.")


@run.command()
def delete(
    ids: Annotated[
        list[str], typer.Argument(help="Ids, as a search with --json gives them.", show_default=False)
    ],
    gallery: GalleryFolder,
    yes: Yes = False,
) -> None:
    """Delete people for good: their records, vectors and thumbnails.

    Indexing the same files again does not bring them back; indexing changed files does.

    Examples:
      textreid gallery delete 7a21fcd605e8dd0d --gallery gallery
    """
    from textreid_index import Gallery

    with Gallery.open(gallery) as opened:
        for id in ids:
            opened.get(id)
        _ask(f"Delete {plural(len(ids), 'person', 'people')} for good?", yes)
        count = opened.delete(ids)
    stderr().print(f"{plural(count, 'person', 'people')} deleted.")


@run.command()
def forget(
    source: Annotated[str, typer.Argument(help="A file, or a folder for all below it.", show_default=False)],
    gallery: GalleryFolder,
    yes: Yes = False,
) -> None:
    """Delete everybody found in a photo, video, zip file or folder, and that it was ever read.

    Examples:
      textreid gallery forget photos/2026-03-01 --gallery gallery
    """
    from textreid.search.filters import source_key
    from textreid_index import Gallery, Where

    key = source_key(source)
    with Gallery.open(gallery) as opened:
        people = opened.count(Where(source=key))
        _ask(f"Delete {plural(people, 'person', 'people')} from {key} for good?", yes)
        opened.forget(key)
    stderr().print(f"{plural(people, 'person', 'people')} deleted.")


@run.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A new folder.", show_default=False)], gallery: GalleryFolder
) -> None:
    """Write a gallery to a folder in open formats: JSON, NumPy and JPEG.

    Examples:
      textreid gallery export backup --gallery gallery
    """
    from textreid_index import Gallery

    with Gallery.open(gallery) as opened:
        opened.export(folder)
    stderr().print(f"Written to {folder}.", markup=False)


def _ask(question: str, yes: bool) -> None:
    """Go on after a yes; without a person to ask, only --yes is one."""
    if not yes:
        typer.confirm(question, abort=True, err=True)
