"""What PNG, AVIF and HEIC say of their colours without a profile; and HEIC with and without its reader."""

from __future__ import annotations

import io
import struct
import sys
import zlib

import av
import numpy as np
import pytest
from PIL import Image

from textreid.errors import ImageError
from textreid.io.images import open_image

PAINTS = np.array([[200, 30, 30], [255, 255, 255], [128, 128, 128], [40, 60, 200]], np.uint8)
BT2087 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])


def light(paints: np.ndarray) -> np.ndarray:
    values = paints / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def in_pq(paints: np.ndarray) -> np.ndarray:
    power = (light(paints) @ BT2087.T * 203 / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def stripes(values: np.ndarray) -> Image.Image:
    numbers = np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
    return Image.fromarray(np.repeat(np.repeat(numbers[None], 32, 0), 32, 1))


def colours(data: bytes) -> np.ndarray:
    return np.asarray(open_image(data))[16, 16::32].astype(int)


def png(image: Image.Image, *chunks: tuple[bytes, bytes]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    data = buffer.getvalue()
    more = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return data[:33] + more + data[33:]


def heic(image: Image.Image) -> bytes:
    """A HEIC put together by hand around one frame of HEVC."""
    film = io.BytesIO()
    with av.open(film, "w", format="mp4") as container:
        stream = container.add_stream(
            "libx265", rate=1, options={"crf": "4", "x265-params": "log-level=none"}
        )
        stream.width, stream.height, stream.pix_fmt = *image.size, "yuv444p"
        frame = av.VideoFrame.from_image(image).reformat(
            format="yuv444p", dst_colorspace="ITU709", dst_color_range="JPEG"
        )
        container.mux([*stream.encode(frame), *stream.encode()])
    content = film.getvalue()
    place = content.index(b"hvcC") - 4
    settings = content[place : place + int.from_bytes(content[place : place + 4])]
    with av.open(io.BytesIO(content)) as container:
        coded = bytes(next(container.demux(video=0)))

    def box(kind: bytes, *bodies: bytes) -> bytes:
        body = b"".join(bodies)
        return struct.pack(">I", len(body) + 8) + kind + body

    def meta(where: int) -> bytes:
        return box(
            b"meta",
            bytes(4),
            box(b"hdlr", bytes(8), b"pict", bytes(13)),
            box(b"pitm", bytes(4), b"\0\1"),
            box(b"iloc", bytes(4), b"\x44\0\0\1\0\1\0\0\0\1", struct.pack(">II", where, len(coded))),
            box(b"iinf", bytes(4), b"\0\1", box(b"infe", b"\2\0\0\0\0\1\0\0hvc1\0")),
            box(
                b"iprp",
                box(
                    b"ipco",
                    settings,
                    box(b"ispe", bytes(4), struct.pack(">II", *image.size)),
                    box(b"colr", b"nclx\0\1\0\x0d\0\1\x80"),
                ),
                box(b"ipma", bytes(4), b"\0\0\0\1\0\1\3\x81\2\3"),
            ),
        )

    head = box(b"ftyp", b"heic", bytes(4), b"mif1heic")
    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", coded)


def test_a_png_with_the_label_of_pq() -> None:
    assert np.abs(colours(png(stripes(in_pq(PAINTS)), (b"cICP", bytes([9, 16, 0, 1])))) - PAINTS).max() <= 6


def test_an_avif_with_the_label_of_pq() -> None:
    buffer = io.BytesIO()
    stripes(in_pq(PAINTS)).save(buffer, "AVIF", quality=100, subsampling="4:4:4")
    data = buffer.getvalue()
    place = data.index(b"colrnclx") + 8
    assert data[place : place + 4] == b"\0\1\0\x0d"
    assert np.abs(colours(data[:place] + b"\0\x09\0\x10" + data[place + 4 :]) - PAINTS).max() <= 8


def test_a_png_of_linear_light() -> None:
    gamma = (b"gAMA", struct.pack(">I", 100_000))
    assert np.abs(colours(png(stripes(light(PAINTS)), gamma)) - PAINTS)[:, 0].max() <= 6


def test_a_png_with_primaries_of_its_own() -> None:
    primaries = [0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046]
    points = (b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in primaries)))
    values = (light(PAINTS) @ BT2087.T) ** 0.45455
    got = colours(png(stripes(values), (b"gAMA", struct.pack(">I", 45_455)), points))
    assert np.abs(got - PAINTS).max() <= 8


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"gAMA", struct.pack(">I", 45_455))],
        [(b"gAMA", struct.pack(">I", 0))],
        [(b"gAMA", struct.pack(">I", 100_000)), (b"sRGB", b"\0")],
        [(b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", bytes(32))],
        [(b"cICP", bytes([1, 13, 0, 1]))],
    ],
    ids=["usual", "zero", "srgb", "no primaries", "labelled as srgb"],
)
def test_labels_that_say_nothing_change_nothing(chunks: list[tuple[bytes, bytes]]) -> None:
    assert np.array_equal(colours(png(stripes(PAINTS / 255), *chunks)), PAINTS)


def test_heic_is_read() -> None:
    assert np.abs(colours(heic(stripes(PAINTS / 255))) - PAINTS).max() <= 8


def test_without_its_reader_heic_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(ImageError, match=r"pip install 'textreid\[heic\]'"):
        open_image(heic(stripes(PAINTS / 255)))


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(60), "JPEG 2000"), (b"\xff\x0a" + bytes(60), "JPEG XL")],
)
def test_what_is_known_and_not_read_is_named(data: bytes, name: str) -> None:
    with pytest.raises(ImageError, match=f"a {name} file, which is not read"):
        open_image(data)
