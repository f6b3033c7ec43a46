"""The folder that the code blocks of each page run in: photos, crops, clip, gallery, two tiny data sets."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import pytest
from PIL import Image

from tests.helpers.docs_console import run_textreid
from textreid import synthetic
from textreid_index import Gallery


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a reader of the docs has on disk before the first block; made once, copied for each page."""
    folder = tmp_path_factory.mktemp("reader")
    data = folder / "data"
    synthetic.write_cuhk_pedes(data, identities=12, images_per_identity=2, seed=1, split=(0.5, 0.25, 0.25))
    synthetic.write_market1501(data, identities=6, images_per_identity=6, seed=2)
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
    copy = shutil.copytree(prepared, tmp_path / "reader")
    with Gallery.open(copy / "gallery") as gallery:
        gallery.files.move(gallery.files.key(prepared), gallery.files.key(copy))
    return copy


def draw_photos(folder: Path) -> None:
    """Full pictures with several people, in one folder a camera, their times in EXIF."""
    drawn = synthetic.write_frames(folder.parent, frames=4, cameras=2, identities=8, seed=3)
    folder.mkdir()
    for camera, place in (("c1", "entrance"), ("c2", "platform")):
        (drawn / camera).rename(folder / place)
    shutil.rmtree(drawn)


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
