"""Hits side by side on one image, to print or to send."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from datetime import UTC, tzinfo
from io import BytesIO
from math import ceil
from pathlib import PurePath

from PIL import Image, ImageDraw, ImageFont, ImageOps

from textreid_index import SearchHit

CELL, LINE, GAP, HEAD, COLUMNS = (128, 256), 16, 12, 48, 8
INK, FAINT, PAPER = (24, 24, 28), (110, 110, 118), (255, 255, 255)


def contact_sheet(
    hits: Sequence[SearchHit], thumbnails: Sequence[bytes], *, title: str = "", zone: tzinfo = UTC
) -> Image.Image:
    """A grid of hits, best first, each with rank, source and, where known, probability and time.

    Args:
        hits: in rank order.
        thumbnails: one encoded image a hit, as `Gallery.thumbnail` gives them.
        title: a line above the grid, such as the description that was searched.
        zone: in which times are shown.

    Returns:
        An RGB image, up to eight cells wide. Without hits it carries the title and says so.
    """
    columns = max(4, min(COLUMNS, len(hits)))
    rows = -(-len(hits) // columns)
    width, height = GAP + columns * (CELL[0] + GAP), CELL[1] + 3 * LINE + GAP
    sheet = Image.new("RGB", (width, HEAD + max(rows, 1) * height), PAPER)
    draw = ImageDraw.Draw(sheet)
    large, small = ImageFont.load_default(18), ImageFont.load_default(12)
    draw.text((GAP, 14), _fit(draw, title, large, width - 2 * GAP), INK, large)
    if not hits:
        draw.text((GAP, HEAD), "Nobody found.", FAINT, large)
    for place, (hit, thumbnail) in enumerate(zip(hits, thumbnails, strict=True)):
        left = GAP + place % columns * (CELL[0] + GAP)
        top = HEAD + place // columns * height
        with Image.open(BytesIO(thumbnail)) as image:
            fitted = ImageOps.contain(image.convert("RGB"), CELL)
        sheet.paste(fitted, (left + (CELL[0] - fitted.width) // 2, top + (CELL[1] - fitted.height) // 2))
        when = (hit.record.when_in(zone) or "").removesuffix("+00:00").replace("T", " ")
        likely = "" if hit.probability is None else f"  {hit.probability:.3f}"
        lines = (f"{hit.rank}{likely}", PurePath(hit.record.source).name, when)
        for line, (text, ink) in enumerate(zip(lines, (INK, FAINT, FAINT), strict=True)):
            place_of_line = (left, top + CELL[1] + 2 + line * LINE)
            draw.text(place_of_line, _fit(draw, text, small, CELL[0]), ink, small)
    return sheet


def _fit(
    draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int
) -> str:
    """`text` on one line, shortened until it is at most `width` pixels wide."""
    line = " ".join(text.split())
    if draw.textlength(line, font) <= width:
        return line
    lengths = range(1, len(line))
    fitting = bisect(lengths, width, key=lambda length: ceil(draw.textlength(line[:length] + "…", font)))
    return line[:fitting] + "…"
