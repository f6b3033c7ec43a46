"""Tiny folders in official layouts: figures that the toy model can tell apart, or names without a picture.

`LAYOUTS` has a writer for every data set; each writes a few persons for training and others to test with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tests.helpers.toy import draw_person

CLOTHES = {1: ("red", "blue"), 2: ("green", "black"), 3: ("yellow", "grey"), 4: ("white", "brown")}


def caption(person: int) -> str:
    upper, lower = CLOTHES[person]
    return f"somebody in a {upper} shirt and {lower} jeans"


def write_captioned(
    folder: Path, annotations: str, rows: Sequence[tuple[int, str, list[str]]], path_key: str = "file_path"
) -> Path:
    """A row is the person, the split and the captions of one image, such as `imgs/cam_a/0000.png`."""
    images = folder if folder.name == "UFine6926" else folder / "imgs"
    (images / "cam_a").mkdir(parents=True)
    described = []
    for number, (person, split, captions) in enumerate(rows):
        name = f"cam_a/{number:04}.png"
        draw_person(*CLOTHES[person or 4]).save(images / name)
        described.append({"split": split, "captions": captions, path_key: name, "id": person})
    (folder / annotations).write_text(json.dumps(described))
    return folder


def write_cuhk_pedes(root: Path, rows: Sequence[tuple[int, str, list[str]]]) -> Path:
    return write_captioned(root / "CUHK-PEDES", "reid_raw.json", rows)


def write_named(folder: Path, **parts: Sequence[str]) -> Path:
    """The image files of each part; people without clothes of their own wear purple."""
    for part, names in parts.items():
        (folder / part).mkdir(parents=True)
        for name in names:
            clothes = CLOTHES.get(int(name.split("_")[0]), ("purple", "purple"))
            draw_person(*clothes).save(folder / part / name)
    return folder


def write_market1501(root: Path, query: Sequence[str], gallery: Sequence[str]) -> Path:
    """A name is such as "0001_c1": person and camera."""
    parts = {
        part: [f"{name}s1_{number:06}_00.jpg" for number, name in enumerate(names)]
        for part, names in (("query", query), ("bounding_box_test", gallery))
    }
    return write_named(root / "Market-1501-v15.09.15", **parts)


def write_msmt17(root: Path, version: str = "MSMT17_V1") -> Path:
    """Persons 1 and 2 train (and 2 is in val too), 3 and 4 test, numbered from 0 on each side."""
    folder = root / version
    train, test = ("train", "test") if version == "MSMT17_V1" else ("mask_train_v2", "mask_test_v2")
    parts = {
        "train": (train, [(1, 1), (2, 2)]),
        "val": (train, [(2, 3)]),
        "query": (test, [(3, 1), (4, 15)]),
        "gallery": (test, [(3, 3), (4, 14), (3, 1)]),
    }
    for part, (place, shots) in parts.items():
        lines = []
        for number, (person, camera) in enumerate(shots):
            label = (person - 1) % 2
            name = f"{label:04}/{label:04}_{number:03}_{camera:02}_0303morning_{part}_0.jpg"
            (folder / place / name).parent.mkdir(parents=True, exist_ok=True)
            draw_person(*CLOTHES[person]).save(folder / place / name)
            lines.append(f"{name} {label}\n")
        (folder / f"list_{part}.txt").write_text("".join(lines))
    return folder


def write_viper(root: Path) -> Path:
    """All 632 persons, numbered with gaps and from 0 as in the original; the files are empty."""
    folder = root / "VIPeR"
    for place, angle in (("cam_a", 0), ("cam_b", 90)):
        (folder / place).mkdir(parents=True)
        for person in range(632):
            (folder / place / f"{person + (person > 45):03}_{angle}.bmp").touch()
    return folder


def write_cuhk01(root: Path) -> Path:
    """All 971 persons; the files are empty."""
    folder = root / "CUHK01"
    (folder / "campus").mkdir(parents=True)
    for person in range(1, 972):
        for image in range(1, 5):
            (folder / "campus" / f"{person:04}{image:03}.png").touch()
    return folder


def write_cuhk03(root: Path, boxes: str, persons: Sequence[tuple[int, int]], tested: int) -> Path:
    """A person is a pair of cameras and a number; test set k holds the `tested` persons from number k on."""
    folder = root / "cuhk03"
    (folder / f"images_{boxes}").mkdir(parents=True)
    names = {
        (pair, person): [f"{pair}_{person:03}_{view}_{5 * view:02}.png" for view in (1, 2)]
        for pair, person in persons
    }
    for name in (name for both in names.values() for name in both):
        (folder / f"images_{boxes}" / name).touch()
    splits = []
    for first in range(20):
        chosen = [persons[(first + step) % len(persons)] for step in range(tested)]
        rows = [[f"elsewhere/images/{name}", 0, 0] for person in chosen for name in names[person]]
        splits.append({"train": [], "query": rows, "gallery": rows})
    (folder / f"splits_classic_{boxes}.json").write_text(json.dumps(splits))
    return folder


def write_cub200(root: Path) -> Path:
    """Two images of each of three species in each split, numbered from 1."""
    folder = root / "CUB_200_2011"
    names = ("images.txt", "image_class_labels.txt", "train_test_split.txt")
    tables: dict[str, list[str]] = {name: [] for name in names}
    for number, (species, train) in enumerate(
        ((species, train) for species in (1, 2, 3) for train in (1, 1, 0, 0)), start=1
    ):
        path = f"{species:03}.Bird/Bird_{number:04}.jpg"
        (folder / "images" / path).parent.mkdir(parents=True, exist_ok=True)
        draw_person(*CLOTHES[species]).save(folder / "images" / path)
        for table, value in zip(tables.values(), (path, species, train), strict=True):
            table.append(f"{number} {value}\n")
    for name, lines in tables.items():
        (folder / name).write_text("".join(lines))
    return folder


CAPTIONED = [(1, "train", [caption(1)]), (2, "train", [caption(2)]), (3, "test", [caption(3), caption(3)])]
FROM_ZERO = [(0, "train", [caption(4)]), *CAPTIONED[1:]]
VAL = (4, "val", [caption(4)])
CUHK03_PERSONS = [(pair, person) for pair in (1, 2) for person in range(1, 51)] + [(5, 1)]


def _market(root: Path) -> Path:
    folder = write_market1501(root, ["0003_c1", "0004_c2"], ["0003_c2", "0004_c1", "-1_c1", "0000_c3"])
    return write_named(folder, bounding_box_train=["0001_c1s1_000001_00.jpg", "0002_c6s1_000001_00.jpg"])


def _duke(root: Path) -> Path:
    return write_named(
        root / "DukeMTMC-reID",
        bounding_box_train=["0001_c2_f0046182.jpg", "0002_c8_f0046302.jpg"],
        query=["0003_c1_f0044158.jpg", "0004_c2_f0046182.jpg"],
        bounding_box_test=["0003_c2_f0044158.jpg", "0004_c1_f0046182.jpg", "0007_c1_f0046182.jpg"],
    )


def _cuhk03_np(root: Path, boxes: str) -> Path:
    folder = root / "cuhk03-np"
    write_named(
        folder / boxes,
        bounding_box_train=["0001_c1_1.png", "0002_c2_6.png"],
        query=["0003_c1_1.png", "0004_c2_6.png"],
        bounding_box_test=["0003_c2_7.png", "0004_c1_3.png", "0003_c1_2.png"],
    )
    return folder


LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "cuhk-pedes": lambda root: write_cuhk_pedes(root, [*CAPTIONED, VAL]),
    "icfg-pedes": lambda root: write_captioned(root / "ICFG-PEDES", "ICFG-PEDES.json", FROM_ZERO),
    "rstpreid": lambda root: write_captioned(
        root / "RSTPReid", "data_captions.json", [*FROM_ZERO, VAL], "img_path"
    ),
    "ufine6926": lambda root: write_captioned(root / "UFine6926", "annotations.json", CAPTIONED),
    "market1501": _market,
    "dukemtmc-reid": _duke,
    "cuhk03-np-labeled": partial(_cuhk03_np, boxes="labeled"),
    "cuhk03-np-detected": partial(_cuhk03_np, boxes="detected"),
    "msmt17": write_msmt17,
    "cub200": write_cub200,
    "viper": write_viper,
    "cuhk01": write_cuhk01,
    "cuhk01-100": write_cuhk01,
    "cuhk03-classic-labeled": partial(write_cuhk03, boxes="labeled", persons=CUHK03_PERSONS, tested=100),
    "cuhk03-classic-detected": partial(write_cuhk03, boxes="detected", persons=CUHK03_PERSONS, tested=100),
}
