"""The whole way through the real command line: draw people, train on them, measure, index, search."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from textreid import Encoder, open_image

TEXTREID = Path(sys.executable).parent / "textreid"


def textreid(folder: Path, line: str, *more: str) -> str:
    """Run `textreid LINE MORE...` in a process of its own; returns what it printed to stdout."""
    done = subprocess.run(
        [TEXTREID, *line.split(), *more], cwd=folder, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """drawn/ with 48 people, and run/model trained for half a minute on 33 of them."""
    folder = tmp_path_factory.mktemp("whole_way")
    textreid(folder, "synthesize --out drawn --identities 48 --images 4 --seed 7")
    data = "--set data.0.name=cuhk-pedes --set data.0.identities=0 --set val.name=cuhk-pedes"
    short = "--set val.split=train --set stages.0.epochs=30 --set stages.0.warmup=1"
    textreid(folder, f"train smoke --root drawn {data} {short} --out run")
    return folder


@pytest.fixture(scope="module")
def hits(folder):
    """The ten best hits for a caption among everybody that was drawn, as --json gives them."""
    textreid(folder, "index drawn/CUHK-PEDES/imgs --crops --gallery gallery --model run/model")
    return json.loads(textreid(folder, "search --gallery gallery -k 10 --json", caption(folder)))


def caption(folder):
    rows = json.loads((folder / "drawn" / "CUHK-PEDES" / "reid_raw.json").read_text())
    return next(row["captions"][0] for row in rows if row["split"] == "train")


def test_training_teaches_to_tell_the_people_apart(folder):
    """33 people with 4 pictures each: by chance the first hit is right in 3 of 100 searches."""
    report = json.loads(
        textreid(folder, "eval cuhk-pedes --root drawn --split train --model run/model --json")
    )
    assert (report["text_to_image"]["queries"], report["text_to_image"]["gallery"]) == (264, 132)
    assert report["text_to_image"]["R1"] > 15
    assert report["image_to_text"]["R1"] > 15


def test_what_is_served_is_what_the_model_says(folder, hits):
    """The order of the hits is that of plain cosines between the model's vectors."""
    encoder = Encoder.load(folder / "run" / "model", device="cpu")
    files = sorted((folder / "drawn" / "CUHK-PEDES" / "imgs").rglob("*.jpg"))
    pictures = encoder.encode_images([open_image(file) for file in files])
    scores = pictures @ encoder.encode_texts([caption(folder)])[0]
    best = np.argsort(-scores)[:10]
    assert [hit["rank"] for hit in hits] == list(range(1, 11))
    np.testing.assert_allclose([hit["score"] for hit in hits], scores[best], atol=1e-3)
    assert {hit["source"] for hit in hits[:5]} <= {str(files[place]) for place in best}
