"""Options that several verbs share, so that they read and behave alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

GalleryFolder = Annotated[
    Path,
    typer.Option("--gallery", metavar="DIR", envvar="TEXTREID_GALLERY", help="The gallery's folder."),
]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="A model's name, folder or hub id. Left out: the gallery's own.",
    ),
]
Device = Annotated[str, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1, mps ...")]
Zone = Annotated[
    str | None,
    typer.Option(
        "--zone",
        metavar="NAME",
        help="The time zone, such as Europe/Berlin, of times without one, and to show times in; else UTC.",
        show_default=False,
    ),
]
ImageFolder = Annotated[
    str,
    typer.Option(
        metavar="DIR", help="What the paths in a table of your own lie below, if not below its folder."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ReportFile = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Write a page, .html or .md, beside published results."),
]
ReportPictures = Annotated[
    bool, typer.Option("--pictures", help="Put the best and worst queries into the HTML page.")
]
Auth = Annotated[
    str | None,
    typer.Option(
        metavar="USER:PASSWORD", envvar="TEXTREID_AUTH", help="Ask for this user name and password."
    ),
]
AuthFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Ask for one of these accounts: one USER:PASSWORD a line.")
]
PublicUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="TEXTREID_PUBLIC_URL",
        help="What it is called outside, where another server on this machine stands in front of it.",
    ),
]
FramedBy = Annotated[
    str | None,
    typer.Option(
        metavar="URL", envvar="TEXTREID_FRAMED_BY", help="The website that may show the page in a frame."
    ),
]
Log = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Append every search to FILE, a JSON object a line. Else nothing is logged."
    ),
]
