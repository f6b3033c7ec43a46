"""`textreid search`: a description, a photo or both to a ranked list of people."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textreid.cli._console import plural, print_json, print_table, stderr
from textreid.cli._options import AsJson, Device, GalleryFolder, ModelName, Zone
from textreid.errors import ImageError, InputError
from textreid.io.zones import zone_named

if TYPE_CHECKING:
    from PIL.Image import Image
    from rich.table import Table

    from textreid.search.person_search import PersonSearch
    from textreid_index import Hits


def run(
    gallery: GalleryFolder,
    description: Annotated[
        str | None, typer.Argument(help="What the person looks like, in English.", show_default=False)
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many people.")] = 20,
    image: Annotated[
        Path | None, typer.Option(metavar="PHOTO", help="An example photo, alone or with a description.")
    ] = None,
    camera: Annotated[str | None, typer.Option(metavar="NAME", help="Only this camera.")] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Not earlier: 2026-03-01T14:05 (in --zone), or 1:30 into the video."
        ),
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Not later, in either form.")] = None,
    zone: Zone = None,
    source: Annotated[
        str | None, typer.Option(metavar="PATH", help="Only from this file, or from below this folder.")
    ] = None,
    rerank: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="K",
            help="Let the model's matcher put the best K into order; 0 for none. Of a description alone, or "
            "a photo alone, it orders 64 unless a number is given, if the model has a matcher of that kind.",
            show_default=False,
        ),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(
            min=0, metavar="MS", help="Stop reading after so many milliseconds.", show_default=False
        ),
    ] = None,
    false_alarms: Annotated[
        float | None,
        typer.Option(
            metavar="RATE",
            help="Only hits so good that a search for somebody who is not there finds anybody at most this "
            "often: 0.05 is one in twenty.",
            show_default=False,
        ),
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", help="Also print the cosine and, where there is one, the match.")
    ] = False,
    as_json: AsJson = False,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write a contact sheet, such as hits.jpg.")
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Append this search to a log; else none is written."),
    ] = None,
    model: ModelName = None,
    device: Device = "auto",
) -> None:
    """Find people in a gallery by a description, by an example photo, or by both.

    Both together mean: like on this photo, but as described. A date and time is compared with when a photo
    was taken or a video recorded; seconds, or minutes:seconds, with the place in the video.
    The matcher of a model that has one compares each word with each place of an image.
    Probabilities and --false-alarms need a model that is calibrated, and a description or a photo alone.

    Examples:
      textreid search "a man in a blue shirt with a backpack" --gallery gallery
      textreid search --image example.jpg --gallery gallery -k 5
      textreid search "but with a red bag" --image example.jpg --gallery gallery --sheet hits.jpg
      textreid search "a woman in white" --gallery gallery --camera yard --since 1:30 --until 2:00 --json
      textreid search "a man in a blue shirt" --gallery gallery --false-alarms 0.05
    """
    from textreid.search.filters import known, photos_left_out, where
    from textreid.search.person_search import PersonSearch

    clock = zone_named(zone)
    limits = where(camera=camera, since=since, until=until, source=source, zone=clock)
    example = _example(image) if image else None
    with PersonSearch.open(gallery, model=model, device=device, log=log) as search:
        seconds = None if budget is None else budget / 1000
        limits = known(limits, search.gallery)
        hits = search.search(
            description,
            image=example,
            k=k,
            where=limits,
            rerank=rerank,
            budget=seconds,
            false_alarms=false_alarms,
        )
        if sheet:
            _write_sheet(search, hits, description or f"like {image}", sheet, clock)
        left_out = photos_left_out(limits, search.gallery)
    if as_json:
        print_json(hits.to_dicts(clock))
    elif hits:
        print_table(_table(hits, clock, details=details))
    if hits.unsure:
        stderr().print(f"[yellow]note[/] {hits.unsure}")
    if not hits:
        stderr().print(_nobody(hits, false_alarms))
    if left_out:
        people = plural(left_out, "person", "people")
        stderr().print(
            f"[yellow]note[/] {people} in photos left out: --since and --until name places in a video."
        )


def _nobody(hits: Hits, false_alarms: float | None) -> str:
    if hits.cut is None or hits.cut.best is None:
        return "Nobody found: the gallery is empty, or nobody in it passes the filters."
    return (
        f"Nobody matches: the best score is {hits.cut.best:.3f}, and {hits.cut.needed:.3f} is needed for a "
        f"false-alarm rate of {false_alarms:g}. Leave --false-alarms out to see who comes nearest."
    )


def _example(path: Path) -> Image:
    from textreid.io.images import open_image

    try:
        photo = open_image(path)
    except ImageError as error:
        raise InputError(f"The example photo {path} cannot be used: {error}") from None
    if photo.width > photo.height:
        stderr().print("[yellow]note[/] The example photo is wide; cut out one person for better hits.")
    return photo


def _write_sheet(search: PersonSearch, hits: Hits, title: str, path: Path, zone: tzinfo) -> None:
    from PIL import Image

    from textreid.search.contact_sheet import contact_sheet
    from textreid_index.whole_folder import whole_file

    kind = Image.registered_extensions().get(path.suffix.lower())
    if kind is None:
        raise InputError(f"The contact sheet {path} cannot be written: name it .jpg or .png.")
    thumbnails = search.gallery.thumbnails(hits.ids)
    sheet = contact_sheet(hits.among(thumbnails), list(thumbnails.values()), title=title, zone=zone)
    try:
        with whole_file(path) as file:
            sheet.save(file, kind)
    except Exception as error:  # each kind of file has its writer, with errors of its own
        raise InputError(f"The contact sheet {path} cannot be written: {error}") from None


def _table(hits: Hits, zone: tzinfo, *, details: bool) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    likely = ["probability"] if hits.probabilities is not None else []
    more = ["score", *(["match"] if hits.matches is not None else [])] if details else []
    for name in ("rank", *likely, *more):
        table.add_column(name, justify="right")
    for name in ("source", "box", "camera", "time"):
        table.add_column(name, overflow="fold")
    for hit in hits.to_dicts(zone):
        box = " ".join(f"{value:.0f}" for value in hit["box"] or ())
        texts = (hit["source"], box, hit["camera"] or "", hit["time"] or "")
        numbers = [str(hit["rank"])]
        numbers += [f"{hit[name]:.3f}" if name in hit else "" for name in (*likely, *more)]
        table.add_row(*numbers, *map(escape, texts))
    return table
