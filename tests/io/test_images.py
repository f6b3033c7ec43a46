"""Every kind of image file against independent readings of the same pixels."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from textreid.errors import ImageError
from textreid.io.images import MAX_PIXELS, open_image


def scene(height: int = 48, width: int = 32) -> np.ndarray:
    """[H, W, 3] uint8: smooth colours, every corner different, so that no turn or swap goes unseen."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([255 * y / height, 255 * x / width, 200 - 100 * x / width], axis=2).astype(np.uint8)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """A PNG put together by hand."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def pixels(source: Path | bytes) -> np.ndarray:
    image = open_image(source)
    assert image.mode == "RGB"
    return np.asarray(image)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "TIFF", "PPM"])
def test_lossless_formats_give_the_pixels_that_were_saved(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    assert np.array_equal(pixels(saved(Image.fromarray(scene()), kind, **options)), scene())


def test_path_bytes_and_stream_are_the_same(tmp_path: Path) -> None:
    data = saved(Image.fromarray(scene()), "JPEG")
    (tmp_path / "a.jpg").write_bytes(data)
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    for source in (tmp_path / "a.jpg", data, io.BytesIO(data)):
        assert np.abs(np.asarray(open_image(source)).astype(int) - expected).max() <= 3


def test_cmyk_jpeg_has_the_colours_that_opencv_sees() -> None:
    ink = Image.fromarray(scene(64, 64)).convert("CMYK")
    data = saved(ink, "JPEG", quality=95)
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1].astype(int)
    assert np.abs(pixels(data) - expected).mean() < 2
    assert np.abs(pixels(data) - scene(64, 64).astype(int)).mean() < 4


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_full_range(tmp_path: Path, kind: str) -> None:
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    path = tmp_path / f"ramp.{kind.lower()}"
    assert cv2.imwrite(str(path), ramp)
    got = pixels(path)
    assert np.abs(got[:, :, 0] - ramp / 257).max() <= 1
    assert len(np.unique(got)) == 256


def test_16_bit_colour_keeps_its_full_range(tmp_path: Path) -> None:
    deep = np.linspace(0, 65535, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint16)
    path = tmp_path / "deep.png"
    assert cv2.imwrite(str(path), deep[:, :, ::-1])
    assert np.abs(pixels(path) - deep / 257).max() <= 1


@pytest.mark.parametrize(
    ("low", "high", "first", "last"),
    [
        (0.0, 1.0, 0, 255),
        (0.0, 0.5, 0, 128),
        (0.0, 255.0, 0, 255),
        (0.0, 60000.0, 0, 233),
        (-3.0, 7.0, 0, 255),
    ],
)
def test_float_tiff_is_scaled_by_the_range_it_uses(low: float, high: float, first: int, last: int) -> None:
    values = np.linspace(low, high, 256, dtype=np.float32).reshape(16, 16)
    got = pixels(saved(Image.fromarray(values), "TIFF"))[:, :, 0]
    assert (got.min(), got.max()) == (first, last)
    assert (np.diff(got.ravel().astype(int)) >= 0).all()


def test_float_colour_tiff_is_scaled_too(tmp_path: Path) -> None:
    path = tmp_path / "float.tiff"
    assert cv2.imwrite(str(path), (scene() / 255).astype(np.float32)[:, :, ::-1])
    assert np.abs(pixels(path) - scene().astype(int)).max() <= 1


def test_float_tiff_with_holes_and_a_flat_one_are_finite() -> None:
    values = np.array([[0.0, np.nan], [np.inf, 1.0]], np.float32)
    assert pixels(saved(Image.fromarray(values), "TIFF"))[:, :, 0].tolist() == [[0, 0], [0, 255]]
    flat = np.full((4, 4), -2.0, np.float32)
    assert pixels(saved(Image.fromarray(flat), "TIFF")).max() == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotated_equals_upright(kind: str, orientation: int) -> None:
    upright = scene()
    stored = {  # how a camera stores the image, from the definition of the tag
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = (
        {"lossless": True} if kind == "WEBP" else {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    )
    data = saved(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif, **options)
    got = pixels(data)
    assert got.shape == upright.shape
    assert np.abs(got.astype(int) - upright).max() <= (8 if kind == "JPEG" else 0)


def test_transparency_is_laid_on_white() -> None:
    rgba = np.dstack([scene(), np.zeros((48, 32), np.uint8)])
    assert (pixels(saved(Image.fromarray(rgba, "RGBA"), "PNG")) == 255).all()
    palette = Image.fromarray(scene()).quantize(8)
    assert (pixels(saved(palette, "PNG", transparency=bytes(8))) == 255).all()
    grey = Image.fromarray(np.dstack([scene()[:, :, 0], np.full((48, 32), 255, np.uint8)]), "LA")
    assert np.array_equal(pixels(saved(grey, "PNG"))[:, :, 1], scene()[:, :, 0])


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_few_colours_become_rgb(mode: str) -> None:
    image = Image.fromarray(scene()).convert(mode)
    assert np.array_equal(pixels(saved(image, "PNG")), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_first_frame_of_an_animation(kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "green")]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert pixels(data)[8, 8].tolist() == [255, 0, 0]


def test_1x1() -> None:
    assert pixels(saved(Image.new("RGB", (1, 1), (9, 8, 7)), "PNG")).tolist() == [[[9, 8, 7]]]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
def test_cut_short_is_refused_with_a_reason(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    data = saved(Image.fromarray(noise), kind)
    with pytest.raises(ImageError, match=r"broken|not an image"):
        open_image(data[: len(data) // 2])


def test_hostile_bytes_raise_nothing_else() -> None:
    rng = np.random.default_rng(1)
    refused = 0
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"):
        data = np.frombuffer(saved(Image.fromarray(scene()), kind), np.uint8)
        for _ in range(60):
            bad = data.copy()
            bad[rng.integers(0, len(bad), 12)] = rng.integers(0, 256, 12)
            with suppress(ImageError):
                assert open_image(bad.tobytes()).mode == "RGB"
                refused -= 1
            refused += 1
    assert refused > 50


@pytest.mark.parametrize("data", [b"", b"Dear all,\nthis is a text.\n", b"%PDF-1.7\n", b"\xff\xd8\xff"])
def test_what_is_no_image_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(data)
    with pytest.raises(ImageError, match=r"not an image|broken"):
        open_image(path)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such file"):
        open_image(tmp_path / "gone.jpg")
    with pytest.raises(ImageError, match="not a file"):
        open_image(tmp_path)


@pytest.mark.parametrize(("width", "height"), [(12_000, 12_000), (20_000, 20_000), (60_000, 1_000)])
def test_bomb_is_refused_before_it_is_unpacked(width: int, height: int) -> None:
    rows = (
        zlib.compress(bytes((width + 1) * 1000), 9) if width * height > 3e8 else zlib.compress(bytes(10_000))
    )
    data = png(width, height, chunk(b"IDAT", rows))
    tracemalloc.start()
    with pytest.raises(ImageError, match="megapixels"):
        open_image(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6


def test_the_limit_itself() -> None:
    body = chunk(b"IDAT", zlib.compress(bytes((MAX_PIXELS // 10_000 + 1) * 10_000)))
    assert open_image(png(MAX_PIXELS // 10_000, 10_000, body)).size == (MAX_PIXELS // 10_000, 10_000)
    with pytest.raises(ImageError, match="50 megapixels"):
        open_image(png(MAX_PIXELS // 10_000 + 1, 10_000, body))


def test_bomb_in_a_text_chunk_is_refused() -> None:
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(8_000_000), 9))
    with pytest.raises(ImageError, match="too large"):
        open_image(png(1, 1, text, chunk(b"IDAT", zlib.compress(b"\0\0"))))


def test_time_at_which_it_was_taken() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2024:02:29 12:00:00"
    assert open_image(saved(Image.fromarray(scene()), "JPEG", exif=exif)).info == {"taken": 1_709_208_000.0}
    exif.get_ifd(0x8769)[0x9011] = "+02:00"
    assert open_image(saved(Image.fromarray(scene()), "JPEG", exif=exif)).info == {"taken": 1_709_200_800.0}


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "yesterday", ""])
def test_a_clock_that_was_never_set_tells_no_time(taken: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = taken
    assert open_image(saved(Image.fromarray(scene()), "JPEG", exif=exif)).info == {}
