from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from tests.helpers.toy import COLOURS, draw_person
from textreid.search.contact_sheet import contact_sheet
from textreid_index import Hits, Record


def jpeg(image):
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def hits(count):
    records = tuple(Record(str(n), f"/a/very/long/folder/with/photo-{n:030}.jpg") for n in range(count))
    return Hits(np.linspace(1, 0, count, dtype=np.float32), records)


def has(sheet, colour):
    distance = np.abs(np.asarray(sheet, int) - COLOURS[colour]).max(axis=2)
    return (distance < 12).sum() > 500


def test_every_hit_is_on_the_sheet():
    colours = ["red", "green", "blue", "yellow", "orange", "brown", "pink", "purple", "black"]
    sheet = contact_sheet(hits(9), [jpeg(draw_person(c, c, (50, 120))) for c in colours], title="a man")
    assert sheet.mode == "RGB"
    assert all(has(sheet, colour) for colour in colours)


def test_order_is_left_to_right_then_down():
    red, blue = (jpeg(draw_person(colour, colour, (128, 256))) for colour in ("red", "blue"))
    sheet = contact_sheet(hits(9), [red] + [blue] * 8)
    rows, columns = np.nonzero(np.abs(np.asarray(sheet, int) - COLOURS["red"]).max(axis=2) < 12)
    assert rows.max() < sheet.height / 2
    assert columns.max() < sheet.width / 4


def test_no_hits_and_odd_titles_still_give_a_sheet():
    sheet = contact_sheet([], [], title="line\nbreak " + "w" * 3000 + " \u4e2d\u6587 \U0001f9e5")
    assert sheet.width > 0
    assert sheet.height > 0


def test_wide_and_tiny_thumbnails_fit_their_cell():
    thumbnails = [jpeg(Image.new("RGB", size, COLOURS["green"])) for size in ((256, 40), (1, 1))]
    assert has(contact_sheet(hits(2), thumbnails), "green")
