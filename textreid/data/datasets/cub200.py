"""CUB-200-2011: birds, to measure losses on other classes (Wah et al., technical report, Caltech 2011).

Layout: `CUB_200_2011/images/001.Black_footed_Albatross/...jpg`, and beside `images` tables, a row a line:
`images.txt` (number, path), `image_class_labels.txt` (number, class), `train_test_split.txt` (number, 1 for
training). Counts: 11,788 images of 200 species, 5,994 to train with, 5,794 of the same species to test with.
"""

from __future__ import annotations

from pathlib import Path

from textreid.data.datasets._data_set import DataSet
from textreid.data.datasets._layout import find_folder
from textreid.data.image_paths import image_below
from textreid.errors import AnnotationError, InputError
from textreid.types import PersonCrop

COUNTS = {
    "train": {"images": 5_994, "persons": 200},
    "test": {"queries": 5_794, "gallery": 5_794, "persons": 200},
}
IMAGES, CLASSES, SPLIT = "images.txt", "image_class_labels.txt", "train_test_split.txt"
HINT = "Get the data from www.vision.caltech.edu/datasets/cub_200_2011; for non-commercial research."


class Cub200(DataSet):
    """Species in the place of identities; each test image searches the others."""

    splits = ("train", "test")
    closed = True
    counts = COUNTS

    def load(self, root: str | Path, split: str) -> list[PersonCrop]:
        """The images of one split, in the order of their numbers.

        Raises:
            InputError: the folder or one of its tables is missing, or holds nothing of the split.
            AnnotationError: a malformed row, named by file and row.
        """
        folder = find_folder(root, "CUB_200_2011", IMAGES, hint=HINT)
        paths, species, training = (_read(folder / name) for name in (IMAGES, CLASSES, SPLIT))
        crops = []
        for row, (number, path) in enumerate(paths.items()):
            where = f"{folder / IMAGES}, row {row}"
            if number not in species or not species[number].isdecimal():
                raise AnnotationError(f"{where}: {CLASSES} gives image {number} no class")
            if training.get(number) not in ("0", "1"):
                raise AnnotationError(f"{where}: {SPLIT} does not say 0 or 1 of image {number}")
            if (training[number] == "1") == (split == "train"):
                image = image_below(folder / "images", path, where)
                crops.append(PersonCrop(id=path, image=image, person_id=int(species[number]), split=split))
        if not crops:
            raise InputError(f"'{folder / SPLIT}' has no image of the split '{split}'.")
        return crops


def _read(file: Path) -> dict[str, str]:
    """Number of an image -> what the table says of it."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot read '{file}': {error}") from error
    found = {}
    for row, line in enumerate(lines):
        number, _, value = line.strip().partition(" ")
        if not number.isdecimal() or not value:
            raise AnnotationError(f"{file}, row {row}: expected a number and a word, found {line!r:.80}")
        found[number] = value
    return found
