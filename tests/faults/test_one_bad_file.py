"""One bad file costs that file: it is named with its reason, and the next one is read."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.toy import ToyDetector, ToyEncoder, draw_frame
from tests.helpers.toy_film import write_toy_film
from textreid import PersonSearch
from textreid.errors import ImageError, ModelError
from textreid.ingest.cancellable import CancelledError
from textreid.people import Boxes
from textreid_index import GalleryFullError
from textreid_index.errors import InvalidValueError

PURPLE = (120, 40, 150)


class Allergic(ToyDetector):
    """The toy detector, which raises at the sight of purple."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def detect(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        if any((image == PURPLE).all(axis=2).any() or _purplish(image) for image in images):
            raise self.error
        return super().detect(images)


def _purplish(image: np.ndarray) -> bool:
    """Whether a film, whose colours are not exact, shows it."""
    return bool((np.abs(image.astype(int) - PURPLE).max(axis=2) < 12).sum() > 500)


def photo(colour: str) -> Image.Image:
    return draw_frame([(colour, colour)])[0]


def as_photo(folder: Path) -> None:
    photo("purple").save(folder / "bad.png")


def as_zip(folder: Path) -> None:
    photo("purple").save(folder / "purple.png")
    with zipfile.ZipFile(folder / "bad.zip", "w") as archive:
        archive.write(folder / "purple.png", "purple.png")
    (folder / "purple.png").unlink()


def as_film(folder: Path) -> None:
    write_toy_film(folder / "bad.mp4", [("purple", "purple")])


ERRORS = [
    MemoryError(),
    RecursionError("maximum recursion depth exceeded"),
    OverflowError("Python int too large to convert to C long"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    OSError(5, "Input/output error"),
    ImageError("the image is broken."),
    ModelError("no such model."),
    InvalidValueError("a box that cannot be."),
    AssertionError(),
    StopIteration(),
    KeyError("a\x1b[31m\nname"),
    ArithmeticError("x" * 10_000),
    type("LibraryError", (Exception,), {})("it went wrong"),
]


@pytest.fixture
def search(tmp_path: Path):
    with PersonSearch.open(tmp_path / "gallery", create=True, encoder=ToyEncoder()) as opened:
        yield opened


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("kind", [as_photo, as_zip, as_film])
def test_whatever_is_raised_while_a_file_is_read_costs_that_file(search, tmp_path, kind, error) -> None:
    folder = tmp_path / "footage"
    folder.mkdir()
    kind(folder)
    photo("green").save(folder / "good.png")
    report = search.add(folder, detector=Allergic(error))
    assert [record.source for record in search.gallery.records()] == [str(folder / "good.png")]
    (skipped,) = report.skipped
    assert "bad." in skipped.source
    assert skipped.reason.endswith(".")
    assert skipped.reason.isprintable()
    assert 3 < len(skipped.reason) < 400


def test_an_image_in_memory_costs_itself_too(search) -> None:
    report = search.add([photo("purple"), photo("green")], detector=Allergic(MemoryError()))
    assert (report.added, len(report.skipped)) == (1, 1)
    assert "more memory is needed" in report.skipped[0].reason


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), CancelledError(), SystemExit(), GalleryFullError("full")]
)
def test_a_stop_and_an_error_of_the_gallery_end_the_run(search, tmp_path, error) -> None:
    as_photo(tmp_path)
    with pytest.raises(type(error)):
        search.add(tmp_path / "bad.png", detector=Allergic(error))
