"""`textreid gallery`: look after a gallery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textreid.cli._console import plural, print_json, print_table, stderr
from textreid.cli._options import AsJson, GalleryFolder

if TYPE_CHECKING:
    from textreid_index import Gallery

run = typer.Typer(
    no_args_is_help=True,
    help="Look after a gallery: info, verify, repair, delete, forget, move, prune, export.",
)

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
    from textreid.io.printable import printable
    from textreid_index import Gallery

    with Gallery.open(gallery) as opened:
        problems = opened.verify()
        for problem in problems:
            print(printable(problem))
        if problems:
            raise typer.Exit(1)
        people = len(opened)
    print(f"All is well with {plural(people, 'person', 'people')}.")


@run.command()
def repair(gallery: GalleryFolder, yes: Yes = False) -> None:
    """Make the indexes of a damaged gallery anew, and delete for good whoever is damaged.

    All others stay. Indexing the same files again brings back who was deleted; a copy of the gallery from
    before the damage, if there is one, is better.

    Examples:
      textreid gallery repair --gallery gallery
    """
    from textreid_index import Gallery

    with Gallery.open(gallery) as opened:
        problems = opened.verify()
        if problems:
            _ask(f"Repair {plural(len(problems), 'problem')}, and delete who is damaged?", yes)
            count = opened.repair()
            stderr().print(f"Repaired; {plural(count, 'person', 'people')} deleted.")
        else:
            stderr().print("Nothing is damaged.")


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
        _require_people(opened, ids)
        _ask(f"Delete {plural(len(set(ids)), 'person', 'people')} for good?", yes)
        count = opened.delete(ids)
    stderr().print(f"{plural(count, 'person', 'people')} deleted.")


@run.command()
def forget(
    source: Annotated[str, typer.Argument(help="A file, or a folder for all below it.", show_default=False)],
    gallery: GalleryFolder,
    yes: Yes = False,
    all_below: Annotated[
        bool, typer.Option("--all-below", help="Also if that is the current folder, or one above it.")
    ] = False,
) -> None:
    """Delete everybody found in a photo, video, zip file or folder, and that it was ever read.

    Examples:
      textreid gallery forget photos/2026-03-01 --gallery gallery
    """
    from textreid.errors import InputError
    from textreid_index import Gallery, Where

    with Gallery.open(gallery) as opened:
        names = opened.files.find_all(source)
        people = plural(sum(opened.count(Where(source=name)) for name in names), "person", "people")
        meant = [opened.files.path(key).resolve() for key in (opened.files.key(source), *names)]
        above = any(Path.cwd().is_relative_to(folder) for folder in meant)
        if above and not all_below:
            raise InputError(
                f"{source} is where you are, or above it: that would delete {people}. If it is meant, "
                "add --all-below."
            )
        _ask(f"Delete {people} from {' and '.join(names)} for good?", yes)
        opened.forget(*names)
    stderr().print(f"{people} deleted.")


@run.command()
def move(
    old: Annotated[str, typer.Argument(help="Where the file or folder was.", show_default=False)],
    new: Annotated[str, typer.Argument(help="Where it is now.", show_default=False)],
    gallery: GalleryFolder,
) -> None:
    """Say that a file, or a folder with all below it, lies elsewhere now; the files are left alone.

    It is not needed where the files are indexed again: their content is recognised.

    Examples:
      textreid gallery move /mnt/disk1/photos /mnt/disk2/photos --gallery gallery
    """
    from textreid_index import Gallery

    with Gallery.open(gallery) as opened:
        count = opened.files.move(opened.files.find(old), opened.files.key(new))
    stderr().print(f"{plural(count, 'person', 'people')} moved.")


@run.command()
def prune(gallery: GalleryFolder, yes: Yes = False) -> None:
    """Delete the people whose photos and videos are no longer on the disk.

    The folders are named first, for a disk that is not connected looks the same as deleted files.

    Examples:
      textreid gallery prune --gallery gallery
    """
    from textreid_index import Gallery

    with Gallery.open(gallery) as opened:
        gone = opened.files.gone()
        folders = Counter(str(opened.files.path(key).parent) for key in gone)
        for folder, count in folders.items():
            kept = " The whole folder is gone: is a disk missing?" if not Path(folder).exists() else ""
            stderr().print(f"{folder}: {plural(count, 'file')} gone.{kept}", markup=False)
        people = plural(opened.files.count(gone), "person", "people")
        if gone:
            _ask(f"Delete {people} from {plural(len(gone), 'file')} for good?", yes)
            opened.forget(*gone)
    stderr().print(f"{people} deleted.")


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


def _require_people(gallery: Gallery, ids: Sequence[str]) -> None:
    """Refuse ids that nobody has, with the nearest that somebody has."""
    from textreid_index import UnknownPersonError

    missing = set(ids) - set(gallery.files.owners(ids))
    if missing:
        known = {record.id for record in gallery.records()}
        strangers = sorted(missing - known)
        near = [match for id in strangers for match in get_close_matches(id, known, n=1)]
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        if strangers:
            raise UnknownPersonError(f"Nobody in the gallery has the id {', '.join(strangers)}.{hint}")


def _ask(question: str, yes: bool) -> None:
    """Go on after a yes; without a person to ask, only --yes is one."""
    if not yes:
        typer.confirm(question, abort=True, err=True)
