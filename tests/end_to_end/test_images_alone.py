"""A model of images alone: trained, indexed, measured, searched by photo, and honest about texts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from textreid.cli import application
from textreid.errors import ModelError
from textreid.inference.encoder import Encoder
from textreid.recipe import AugmentRecipe, DataRecipe, ModelRecipe, Recipe, SamplerRecipe
from textreid.synthetic import write_market1501
from textreid.training.from_recipe import train


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn people as Market-1501, and an OSNet that looked at them twice."""
    home = tmp_path_factory.mktemp("home")
    write_market1501(home / "data", identities=8, images_per_identity=2)
    recipe = Recipe(
        model=ModelRecipe(init="scratch", image_backbone="osnet_x0_25", projection_dim=512, reads_text=False),
        data=(DataRecipe("market1501", root=str(home / "data")),),
        sampler=SamplerRecipe(identities=4, images=2),
        augment=AugmentRecipe(pad=0),
        loss={"identification": {}, "triplet": {"pairs": "images"}},
        stages=({"name": "phase", "epochs": 2, "image_size": [64, 32]},),
        workers=0,
    )
    train(recipe, home / "run")
    return home


def run(*arguments: str | Path, code: int = 0) -> Result:
    runner = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "120", "TERM": "dumb"})
    done = runner.invoke(application(), list(map(str, arguments)), prog_name="textreid")
    assert done.exit_code == code, done.output
    return done


def test_encoder_reads_images_and_says_that_it_reads_no_text(home: Path) -> None:
    encoder = Encoder.load(home / "run" / "model", device="cpu")
    assert encoder.info.dim == 512
    vectors = encoder.encode_images([Image.new("RGB", (40, 90), colour) for colour in ("red", "blue")])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    with pytest.raises(ModelError, match=r"trained on images alone and reads no text: search with a photo"):
        encoder.encode_texts(["a man in red"])


def test_index_and_search(home: Path) -> None:
    people = home / "data" / "Market-1501-v15.09.15" / "query"
    photo = sorted(people.glob("*.jpg"))[0]
    told = run("index", people, "--crops", "--model", home / "run" / "model", "--gallery", home / "gallery")
    assert "Next: textreid search --image PHOTO --gallery" in told.output
    found = run("search", "--image", photo, "--gallery", home / "gallery", "--json")
    assert photo.name in json.dumps(json.loads(found.stdout))
    refused = run("search", "a man in red", "--gallery", home / "gallery", code=2)
    assert "reads no text: search with a photo (--image)" in " ".join(refused.output.split())


def test_evaluation(home: Path) -> None:
    shown = run("eval", "market1501", "--root", home / "data", "--model", home / "run" / "model")
    assert "image to image" in shown.output
    assert "text" not in shown.output
