"""Films that are broken, strange or hostile: each is read, or named with its reason, and the next is read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.helpers.drawn_footage import RED, SIZE, Walker, Watcher, colour_of, every, write_film
from tests.helpers.films import film_of
from textreid.people import Found, Skipped, find_people, list_sources

WALKERS = [Walker(RED, 0.2, 3.8)]
CODECS = {".mp4": "libx264", ".mov": "mpeg4", ".mkv": "libx264", ".avi": "mpeg4", ".ts": "mpeg2video"} | {
    ".wmv": "wmv2",
    ".flv": "flv1",
    ".mpg": "mpeg2video",
}


def find(path: Path) -> list[Found | Skipped]:
    return list(find_people(list_sources([path])[0], detector=Watcher()))


def people(units: list[Found | Skipped]) -> list:
    return [person for unit in units if isinstance(unit, Found) for person in unit.sightings]


def assert_read_or_named(path: Path) -> None:
    for unit in find(path):
        if isinstance(unit, Skipped):
            assert unit.reason.isprintable()
            assert unit.reason.endswith(".")
            assert 5 < len(unit.reason) < 500


@pytest.mark.parametrize("ending", CODECS)
@pytest.mark.parametrize("kept", [4, 20, 100, 486, 1000])
def test_a_film_that_was_cut_in_its_head_is_read_or_named(tmp_path: Path, ending: str, kept: int) -> None:
    path = film_of(tmp_path / f"a{ending}", WALKERS, 1, codec=CODECS[ending])
    path.write_bytes(path.read_bytes()[:kept])
    assert_read_or_named(path)
    assert people(find(path)) == []


@pytest.mark.parametrize("ending", CODECS)
def test_a_film_with_flipped_bits_is_read_or_named(tmp_path: Path, ending: str) -> None:
    path = film_of(tmp_path / f"a{ending}", WALKERS, 1, codec=CODECS[ending])
    whole, random = path.read_bytes(), np.random.default_rng(len(ending))
    for _ in range(6):
        data = bytearray(whole)
        for place in random.integers(0, len(data), 20):
            data[place] ^= 1 << int(random.integers(0, 8))
        path.write_bytes(bytes(data))
        assert_read_or_named(path)


@pytest.mark.parametrize("year", [1, 1904, 9000, 9999])
def test_a_film_from_another_age_is_read_without_a_time(tmp_path: Path, year: int) -> None:
    path = write_film(
        tmp_path / "a.mkv", WALKERS, every(10, 4), creation_time=f"{year:04}-03-01T12:00:00.000000Z"
    )
    (person,) = people(find(path))
    assert person.record.time is None


def test_a_film_whose_title_is_in_latin_1_is_read(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.avi", WALKERS, every(10, 4), title="Caf--, Z--rich")
    path.write_bytes(path.read_bytes().replace(b"Caf--, Z--rich", b"Caf\xe9\xe9, Z\xfc\xfcrich"))
    (person,) = people(find(path))
    assert colour_of(np.asarray(person.image)) == 0


@pytest.mark.parametrize("pixels", ["bgr4", "pal8", "gray", "gray16le", "rgb24", "bgr0", "yuv444p", "monow"])
def test_raw_film_of_any_pixels_is_read_or_named(tmp_path: Path, pixels: str) -> None:
    path = tmp_path / "a.nut"
    height, width = SIZE
    size = {"bgr4": width // 2, "monow": width // 8, "gray16le": 2 * width}.get(pixels, 4 * width) * height
    with av.open(str(path), "w", format="nut") as container:
        stream = container.add_stream("rawvideo", rate=10)
        stream.height, stream.width, stream.pix_fmt = height, width, pixels
        for number in range(8):
            packet = av.Packet(bytes(size))
            packet.stream, packet.pts, packet.dts = stream, number, number
            packet.time_base = Fraction(1, 10)
            container.mux(packet)
    assert_read_or_named(path)


@pytest.mark.parametrize("size", [(2, 2), (16, 16), (2000, 16)])
def test_a_film_of_hardly_a_pixel_is_read(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for _ in range(8):
            frame = av.VideoFrame.from_ndarray(np.zeros((size[1], size[0], 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    (found,) = find(path)
    assert isinstance(found, Found)


def test_a_film_that_vanishes_is_named(tmp_path: Path) -> None:
    path = film_of(tmp_path / "a.mkv", WALKERS, 1)
    (source,) = list_sources([path])
    path.unlink()
    (unit,) = find_people(source, detector=Watcher())
    assert isinstance(unit, Skipped)
    assert "No such file" in unit.reason
