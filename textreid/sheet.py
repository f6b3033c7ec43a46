"""Hits side by side on one picture, to print or to send."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import PurePath

from PIL import Image, ImageDraw, ImageFont, ImageOps
from textreid_index import SearchHit

CELL, LABEL, GAP, COLUMNS = (128, 256), 34, 12, 8
INK, FAINT, PAPER = (24, 24, 28), (110, 110, 118), (255, 255, 255)


def contact_sheet(hits: Sequence[SearchHit], thumbnails: Sequence[bytes], *, title: str = "") -> Image.Image:
    """A grid of hits, best first, each with its rank, score and source.

    Args:
        hits: in rank order.
        thumbnails: one encoded picture a hit, as `Gallery.thumbnail` gives them.
        title: a line above the grid, such as the description that was searched.

    Returns:
        An RGB picture, up to eight cells wide. Without hits it carries the title and says so.
    """
    columns = max(4, min(COLUMNS, len(hits)))
    rows = -(-len(hits) // columns)
    head = 48
    width = GAP + columns * (CELL[0] + GAP)
    sheet = Image.new("RGB", (width, head + max(rows, 1) * (CELL[1] + LABEL + GAP)), PAPER)
    draw = ImageDraw.Draw(sheet)
    large, small = ImageFont.load_default(18), ImageFont.load_default(12)
    draw.text((GAP, 14), _fit(draw, title, large, width - 2 * GAP), INK, large)
    if not hits:
        draw.text((GAP, head), "Nobody found.", FAINT, large)
    for place, (hit, thumbnail) in enumerate(zip(hits, thumbnails, strict=True)):
        left = GAP + place % columns * (CELL[0] + GAP)
        top = head + place // columns * (CELL[1] + LABEL + GAP)
        with Image.open(BytesIO(thumbnail)) as picture:
            fitted = ImageOps.contain(picture.convert("RGB"), CELL)
        sheet.paste(fitted, (left + (CELL[0] - fitted.width) // 2, top + (CELL[1] - fitted.height) // 2))
        draw.text((left, top + CELL[1] + 2), f"{hit.rank}  {hit.score:.3f}", INK, small)
        source = _fit(draw, PurePath(hit.record.source).name, small, CELL[0])
        draw.text((left, top + CELL[1] + 18), source, FAINT, small)
    return sheet


def _fit(
    draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int
) -> str:
    """`text` on one line, shortened until it is at most `width` pixels wide."""
    line = " ".join(text.split())
    if draw.textlength(line, font) <= width:
        return line
    while line and draw.textlength(line + "…", font) > width:
        line = line[:-1]
    return line + "…"
