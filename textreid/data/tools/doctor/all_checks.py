"""All checks of the doctor, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textreid.data import datasets
from textreid.data.tools.doctor.cameras import check_cameras
from textreid.data.tools.doctor.captions import check_captions
from textreid.data.tools.doctor.finding import Crops, Finding
from textreid.data.tools.doctor.images import check_images
from textreid.data.tools.doctor.people import check_people
from textreid.data.tools.doctor.published import check_published
from textreid.data.tools.doctor.sampling import check_sampling


def examine(
    crops: Crops,
    dataset: str = "folder",
    *,
    remarks: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda *_: None,
) -> list[Finding]:
    """Look at a data set as its protocol would, and at every image.

    Args:
        crops: split -> its crops, as `textreid.data.tools.parquet.read_splits` gives them.
        dataset: its name, to compare with the published counts where there are any.
        remarks: of reading it, as `textreid.data.datasets.remarks` gives them.
        progress: told how many images have been opened, of how many.

    Returns:
        What was found, the fatal first; nothing for a data set without a fault.
    """
    return _fatal_first([*examine_labels(crops, dataset, remarks=remarks), *check_images(crops, progress)])


def examine_labels(crops: Crops, dataset: str = "folder", *, remarks: Sequence[str] = ()) -> list[Finding]:
    """What `examine` finds without opening an image: counts, people, cameras, captions."""
    found = [
        *(
            Finding("warning", remark, "Spell it one way, or take out what is no image.")
            for remark in remarks
        ),
        *check_published(crops, dataset),
        *check_people(crops, closed=datasets.closed(dataset)),
        *check_cameras(crops),
        *check_sampling(crops),
        *check_captions(crops),
    ]
    return _fatal_first(found)


def _fatal_first(found: list[Finding]) -> list[Finding]:
    return sorted(found, key=lambda finding: finding.severity != "fatal")
