"""Tiny CUHK-PEDES and Market-1501 folders of figures that `tests.toy` can tell apart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.toy import draw_person

CLOTHES = {1: ("red", "blue"), 2: ("green", "black"), 3: ("yellow", "grey"), 4: ("white", "brown")}


def caption(person: int) -> str:
    upper, lower = CLOTHES[person]
    return f"somebody in a {upper} shirt and {lower} jeans"


def write_cuhk_pedes(root: Path, rows: Sequence[tuple[int, str, list[str]]]) -> Path:
    """A row is the person, the split and the captions of one image."""
    folder = root / "CUHK-PEDES"
    (folder / "imgs" / "cam_a").mkdir(parents=True)
    annotations = []
    for number, (person, split, captions) in enumerate(rows):
        name = f"cam_a/{number:04}.png"
        draw_person(*CLOTHES[person]).save(folder / "imgs" / name)
        annotations.append({"split": split, "captions": captions, "file_path": name, "id": person})
    (folder / "reid_raw.json").write_text(json.dumps(annotations))
    return folder


def write_market1501(root: Path, query: Sequence[str], gallery: Sequence[str]) -> Path:
    """A name is such as "0001_c1": person and camera; people without clothes of their own wear purple."""
    folder = root / "Market-1501-v15.09.15"
    for place, names in (("query", query), ("bounding_box_test", gallery)):
        (folder / place).mkdir(parents=True)
        for number, name in enumerate(names):
            clothes = CLOTHES.get(int(name.split("_")[0]), ("purple", "purple"))
            draw_person(*clothes).save(folder / place / f"{name}s1_{number:06}_00.jpg")
    return folder
