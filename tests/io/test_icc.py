"""Colour profiles against closed forms and against LittleCMS's own way there."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from textreid.io.images import open_image

PAINTS = np.array(
    [[200, 30, 30], [255, 255, 255], [128, 128, 128], [20, 20, 20], [40, 60, 200], [220, 200, 40]], np.uint8
)
SPACES = {  # primaries and white on CIE xy, gamma
    "Adobe RGB": (((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), (0.3127, 0.3290), 563 / 256),
    "Display P3": (((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), (0.3127, 0.3290), 2.2),
    "ProPhoto": (((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001)), (0.3457, 0.3585), 1.8),
}
D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
SRGB_TO_D50 = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)


def to_d50(space: str) -> np.ndarray:
    """[3, 3]: linear RGB of a space -> XYZ as a profile stores it."""
    primaries, white, _ = SPACES[space]
    xyz = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    white_xyz = np.array([white[0] / white[1], 1, (1 - white[0] - white[1]) / white[1]])
    matrix = xyz * np.linalg.solve(xyz, white_xyz)
    return np.linalg.inv(BRADFORD) @ np.diag((BRADFORD @ D50) / (BRADFORD @ white_xyz)) @ BRADFORD @ matrix


def profile(space: str) -> bytes:
    """An ICC profile (version 2) put together by hand."""
    matrix, gamma = to_d50(space), SPACES[space][2]

    def fixed(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    name = space.encode() + b"\0"
    text = b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(78)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    tags = {b"desc": text + bytes(-len(text) % 4), b"wtpt": b"XYZ " + bytes(4) + fixed(*D50)}
    for column, letter in enumerate(b"rgb"):
        tags[bytes([letter]) + b"XYZ"] = b"XYZ " + bytes(4) + fixed(*matrix[:, column])
        tags[bytes([letter]) + b"TRC"] = curve
    table, body, place = b"", b"", 132 + 12 * len(tags)
    for tag, content in tags.items():
        table += tag + struct.pack(">II", place + len(body), len(content))
        body += content
    size = place + len(body)
    head = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02400000, b"mntr", b"RGB ", b"XYZ ") + bytes(12)
    head += b"acsp" + bytes(28) + fixed(*D50)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def painted_in(space: str) -> Image.Image:
    """Stripes of the paints, in the numbers of another colour space."""
    values = PAINTS / 255
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    other = np.linalg.solve(to_d50(space), SRGB_TO_D50 @ light.T).T
    numbers = np.rint(255 * np.clip(other, 0, 1) ** (1 / SPACES[space][2])).astype(np.uint8)
    return Image.fromarray(np.repeat(np.repeat(numbers[None], 32, 0), 32, 1))


def colours(data: bytes) -> np.ndarray:
    return np.asarray(open_image(data))[16, 16::32].astype(int)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_red_stays_red(space: str, kind: str) -> None:
    options = {
        "PNG": {},
        "TIFF": {},
        "WEBP": {"lossless": True},
        "AVIF": {"quality": 95, "subsampling": "4:4:4"},
    }
    lossy = options.get(kind, {"quality": 98, "subsampling": 0})
    data = saved(painted_in(space), kind, icc_profile=profile(space), **lossy)
    assert np.abs(colours(data) - PAINTS).max() <= 6


def test_a_profile_beside_transparency_and_one_beside_a_palette() -> None:
    image = painted_in("ProPhoto")
    image.putalpha(255)
    assert np.abs(colours(saved(image, "PNG", icc_profile=profile("ProPhoto"))) - PAINTS).max() <= 3
    palette = painted_in("ProPhoto").quantize(16)
    assert np.abs(colours(saved(palette, "PNG", icc_profile=profile("ProPhoto"))) - PAINTS).max() <= 3


def test_a_profile_of_srgb_changes_nothing() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8))
    assert np.array_equal(np.asarray(open_image(saved(image, "PNG", icc_profile=srgb))), np.asarray(image))


@pytest.mark.parametrize("damage", [b"", b"no profile at all", profile("ProPhoto")[:200]])
def test_a_broken_profile_costs_nothing(damage: bytes) -> None:
    image = painted_in("Adobe RGB")
    got = open_image(saved(image, "PNG", icc_profile=damage))
    assert np.array_equal(np.asarray(got), np.asarray(image))


def test_a_profile_for_another_kind_of_picture_counts_as_none() -> None:
    grey = Image.new("L", (8, 8), 77)
    assert np.asarray(open_image(saved(grey, "PNG", icc_profile=profile("ProPhoto")))).max() == 77


def test_lab_becomes_srgb() -> None:
    lab = ImageCms.createProfile("LAB")
    paints = Image.fromarray(np.repeat(np.repeat(PAINTS[None], 32, 0), 32, 1))
    image = ImageCms.profileToProfile(paints, ImageCms.createProfile("sRGB"), lab, outputMode="LAB")
    assert image is not None
    assert np.abs(colours(saved(image, "TIFF")) - PAINTS).max() <= 8  # a step of Lab in 8 bits
