"""The folder that the code blocks of each page run in: photos, crops, clip, gallery, two tiny data sets."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import pytest
from PIL import Image

from tests.docs.console import run_textreid
from textreid.data import synthetic


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a reader of the docs has on disk before the first block; made once, copied for each page."""
    folder = tmp_path_factory.mktemp("reader")
    data = folder / "data"
    synthetic.write_cuhk_pedes(data, identities=12, images_per_identity=2, seed=1)
    synthetic.write_market1501(data, identities=8, seed=2)
    pictures = sorted((data / "Market-1501-v15.09.15" / "bounding_box_test").glob("*.jpg"))
    pictures = [picture for picture in pictures if not picture.name.startswith(("-1", "0000"))][:16]
    (folder / "crops").mkdir()
    for picture in pictures:
        shutil.copy(picture, folder / "crops")
    shutil.copy(pictures[0], folder / "example.jpg")
    draw_photos(folder / "photos")
    draw_clip(pictures[:3], folder / "clip.mp4")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_textreid("textreid index crops --crops --gallery gallery")
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """One page's own copy of the prepared folder."""
    return shutil.copytree(prepared, tmp_path / "reader")


def draw_photos(folder: Path) -> None:
    """Full pictures with several people, in one folder a camera."""
    frames = synthetic.built_in_gallery(n=4, seed=3)
    for number, frame in enumerate(frames[:4]):
        place = folder / ("entrance", "platform")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        frame.image.save(place / f"{number:04}.jpg")


def draw_clip(crops: list[Path], file: Path, *, seconds: int = 4, rate: int = 5) -> None:
    """Three people who cross a grey yard."""
    people = [Image.open(crop).convert("RGB").resize((96, 192)) for crop in crops]
    with av.open(str(file), "w") as video:
        stream = video.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for number in range(seconds * rate):
            yard = Image.new("RGB", (640, 360), (150, 150, 146))
            for place, person in enumerate(people):
                yard.paste(person, (20 + 180 * place + 8 * number, 100 + 30 * place))
            for packet in stream.encode(av.VideoFrame.from_image(yard)):
                video.mux(packet)
        for packet in stream.encode():
            video.mux(packet)
