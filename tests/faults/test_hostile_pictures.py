"""Small files that say they are large pictures: an image or a sentence, within a gigabyte and ten seconds."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.helpers.faults import hostile_pictures as hostile
from tests.helpers.faults.memory_of_opening import Opening, open_each

MAX_MEGABYTES, MAX_SECONDS = 1000, 10
LONG = (4, 1, struct.pack("<I", 4_000_000_000))

PICTURES = {
    "doubles_in_colour": lambda: hostile.tiff(8000, 6000, bits=64, kind=hostile.FLOAT),
    "doubles_in_grey": lambda: hostile.tiff(
        7000, 7000, samples=1, bits=64, kind=hostile.FLOAT, photometric=1
    ),
    "floats_in_colour": lambda: hostile.tiff(3000, 3000, bits=32, kind=hostile.FLOAT),
    "colour_of_16_bits": lambda: hostile.tiff(4000, 4000, bits=16, rows=1000),
    "grey_of_32_bits": lambda: hostile.tiff(
        4000, 4000, samples=1, bits=32, kind=hostile.SIGNED, photometric=1
    ),
    "a_hundred_samples": lambda: hostile.tiff(7000, 7000, samples=100),
    "many_samples": lambda: hostile.tiff(700, 700, samples=60_000),
    "a_tile_larger_than_the_picture": lambda: hostile.tiff(10, 10, tile=(20_000, 20_000)),
    "a_strip_of_doubles": lambda: hostile.tiff(10, 10, tile=(16_384, 8_192), bits=64, kind=hostile.FLOAT),
    "not_compressed_and_cut": lambda: hostile.tiff(7000, 7000, compression=hostile.NO_COMPRESSION),
    "packed_bits": lambda: hostile.tiff(7000, 7000, compression=hostile.PACK_BITS),
    "two_widths": lambda: hostile.tiff(10, 7000, more={65_000: (4, 1, b"\0\0\0\0"), 256: LONG}),
    "a_tag_longer_than_the_file": lambda: hostile.tiff(
        10, 10, more={40_000: (7, 4_000_000_000, b"\x08\0\0\0")}
    ),
    "overlapping_tags": hostile.overlapping_tags,
    "overlapping_tags_in_a_jpeg": lambda: hostile.jpeg_with_exif(hostile.overlapping_tags()),
    "overlapping_tags_in_an_avif": lambda: hostile.overlapping_tags_in("AVIF"),
    "overlapping_tags_in_a_webp": lambda: hostile.overlapping_tags_in("WEBP"),
    "overlapping_tags_in_a_png": lambda: hostile.overlapping_tags_in("PNG"),
    "many_scans": lambda: hostile.many_scans(4000, 4000, 3000),
    "texts_of_a_megabyte": hostile.texts_in_a_png,
    "an_animated_png": lambda: hostile.animation("PNG"),
    "an_animated_webp": lambda: hostile.animation("WEBP"),
    "an_animated_gif": lambda: hostile.animation("GIF"),
}
READ = {"colour_of_16_bits", "grey_of_32_bits", "an_animated_png", "an_animated_webp", "an_animated_gif"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Opening]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    for name, make in PICTURES.items():
        (folder / name).write_bytes(make())
    return open_each(folder)


@pytest.mark.parametrize("name", PICTURES)
def test_a_small_file_costs_a_gigabyte_and_ten_seconds_at_most(opened: dict[str, Opening], name: str) -> None:
    opening = opened[name]
    assert opening.answer is not None
    assert opening.megabytes < MAX_MEGABYTES, opening
    assert opening.seconds < MAX_SECONDS, opening


def test_those_that_fit_are_read_and_the_others_refused_in_one_plain_line(opened: dict[str, Opening]) -> None:
    read = {name for name, opening in opened.items() if opening.answer and opening.answer[0].isdigit()}
    assert read >= READ
    refused = [str(opened[name].answer) for name in set(opened) - read]
    assert all(sentence.isprintable() and sentence.endswith((".", "'")) for sentence in refused)
    assert len(refused) >= 10
