"""What b9f9629 wrote still opens, verifies, searches, trains on and measures the same.

`tests/fixtures/b9f9629` holds small folders made by that commit, and what it found in them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from typer.main import get_command
from typer.testing import CliRunner, Result

import textreid
import textreid_index
from textreid import Encoder, Gallery, PersonSearch, Where, losses, open_image
from textreid.catalog import CALIBRATION, fingerprint
from textreid.cli import application
from textreid.models import branches
from textreid.recipe import load_recipe
from textreid.training.from_recipe import train

FIXTURE = Path(__file__).parent / "fixtures" / "b9f9629"
EXPECTED, SHIPPED, SURFACE = (
    json.loads((FIXTURE / f"{name}.json").read_text(encoding="utf-8"))
    for name in ("expected", "shipped", "surface")
)
WORK = "/srv/people"
"""Where the folders were made: paths in the gallery begin with it."""
RENAMED_KEYS = 16
"""In `every-key.toml`: six of the recipe, and five of each of its two stretches of locked training."""
DATA = Path("data/synthetic-20x2-0")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that b9f9629 wrote, to be read only."""
    folder = tmp_path_factory.mktemp("b9f9629")
    with tarfile.open(FIXTURE / "folders.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    for path in FIXTURE.glob("*.toml"):
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def encoder(made: Path) -> Encoder:
    return Encoder.load(made / "model", device="cpu")


@pytest.fixture
def gallery(made: Path, tmp_path: Path) -> Path:
    """Its own copy of the gallery."""
    return Path(shutil.copytree(made / "gallery", tmp_path / "gallery"))


@pytest.fixture
def here(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that relative paths in recipes and suites begin at."""
    monkeypatch.chdir(made)
    return made


def run(*arguments: str | Path, code: int = 0) -> Result:
    runner = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "200", "TERM": "dumb"})
    done = runner.invoke(application(), list(map(str, arguments)), prog_name="textreid")
    assert done.exit_code == code, done.output
    return done


class TestWeights:
    def test_shipped_models_are_the_same_to_the_byte(self) -> None:
        weights = Path(textreid.__file__).parent / "weights"
        assert set(SHIPPED) <= {folder.name for folder in weights.iterdir()}
        for name, model in SHIPPED.items():
            assert fingerprint(weights / name) == model["fingerprint"]
            for file, digest in model["files"].items():
                if file.endswith((".json", ".safetensors")) and file != CALIBRATION:  # no part of the model
                    assert hashlib.sha256((weights / name / file).read_bytes()).hexdigest() == digest, file

    def test_a_model_gives_the_same_vectors(self, made: Path, encoder: Encoder) -> None:
        assert encoder.info.fingerprint == EXPECTED["fingerprint"]
        texts = encoder.encode_texts(EXPECTED["texts"])
        np.testing.assert_allclose(texts, EXPECTED["text_vectors"], atol=1e-5)
        image = encoder.encode_images([open_image(made / EXPECTED["photo"])])[0]
        np.testing.assert_allclose(image, EXPECTED["image_vector"], atol=1e-5)


class TestGallery:
    def test_it_is_whole(self, gallery: Path) -> None:
        with Gallery.open(gallery) as opened:
            assert opened.verify() == []
            assert len(opened) == EXPECTED["gallery"]["people"]
            assert opened.cameras() == EXPECTED["gallery"]["cameras"]
            assert len(opened.sources()) == EXPECTED["gallery"]["sources"]

    @pytest.mark.parametrize(
        ("name", "search"),
        [
            ("text", lambda people, asked, _: people.search(asked, k=50, rerank=0)),
            ("matcher", lambda people, asked, _: people.search(asked, k=50, rerank=8)),
            ("photo", lambda people, _, photo: people.search(image=photo, k=50)),
            ("similar", lambda people, *_: people.similar(EXPECTED["liked"], k=50)),
            ("liked", lambda people, asked, _: people.search(asked, k=50, more_like=[EXPECTED["liked"]])),
            (
                "source",
                lambda people, asked, _: people.search(
                    asked, k=50, rerank=0, where=Where(source=f"{WORK}/photos")
                ),
            ),
            (
                "camera",
                lambda people, asked, _: people.search(asked, k=50, rerank=0, where=Where(camera="Yard")),
            ),
            (
                "from",
                lambda people, asked, _: people.search(asked, k=50, rerank=0, where=Where(since=1.7e9)),
            ),
        ],
    )
    def test_it_is_searched_to_the_same_hits(
        self, made: Path, encoder: Encoder, gallery: Path, name: str, search: Callable[..., Any]
    ) -> None:
        with PersonSearch.open(gallery, encoder=encoder) as people:
            found = search(people, EXPECTED["asked"], open_image(made / EXPECTED["photo"]))
        hits = EXPECTED["searches"][name]
        assert list(found.ids) == [hit["id"] for hit in hits]
        np.testing.assert_allclose([hit.score for hit in found], [hit["score"] for hit in hits], atol=1e-5)
        told = [hit.probability is None for hit in found]
        assert told == [hit["probability"] is None for hit in hits]
        if not any(told):
            odds = np.minimum.accumulate([hit["probability"] for hit in hits])  # since then they never rise
            np.testing.assert_allclose([hit.probability for hit in found], odds, atol=1e-4)

    def test_it_grows_and_shrinks(self, encoder: Encoder, gallery: Path) -> None:
        before = EXPECTED["gallery"]["people"]
        with PersonSearch.open(gallery, encoder=encoder) as people:
            people.add(Image.new("RGB", (40, 90), "blue"), crops=True)
            assert len(people) == before + 1
            upload = next(people.gallery.records(Where(source="uploads")))
            people.gallery.delete([upload.id])
            people.gallery.forget(f"{WORK}/photos/archive.zip")
            assert len(people) == before - 2
            assert people.gallery.verify() == []

    def test_it_is_exported_to_the_same_files(self, made: Path, gallery: Path, tmp_path: Path) -> None:
        with Gallery.open(gallery) as opened:
            opened.export(tmp_path / "export")
        files = sorted(path.relative_to(tmp_path / "export") for path in (tmp_path / "export").rglob("*.*"))
        assert files == sorted(
            path.relative_to(made / "gallery-export") for path in (made / "gallery-export").rglob("*.*")
        )
        for file in files:
            before = (made / "gallery-export" / file).read_bytes()
            if file.name == "records.jsonl":  # uploads have names relative to the gallery now
                before = before.replace(f"{WORK}/gallery/uploads".encode(), b"uploads")
            assert (tmp_path / "export" / file).read_bytes() == before

    def test_its_search_log_goes_on(self, encoder: Encoder, gallery: Path, tmp_path: Path) -> None:
        log = tmp_path / "searches.jsonl"
        shutil.copy(FIXTURE / "searches.jsonl", log)
        with PersonSearch.open(gallery, encoder=encoder, log=log) as people:
            people.search(EXPECTED["asked"], k=3)
        *before, last = map(json.loads, log.read_text().splitlines())
        assert len(before) == 2
        assert last | {"time": ""} == before[0] | {"time": ""}


class TestRuns:
    @staticmethod
    def copy_run(made: Path, name: str, out: Path) -> Path:
        shutil.copytree(made / "runs" / name, out)
        shutil.copytree(made / "data", out / "data")
        return out

    @pytest.mark.parametrize("name", ["killed-in-phase", "killed-in-locked"])
    def test_a_killed_run_ends_as_it_would_have(self, here: Path, tmp_path: Path, name: str) -> None:
        run = self.copy_run(here, name, tmp_path / "run")
        train(load_recipe("run.toml"), run)
        self.assert_same_end(run, here / "runs" / "finished")
        assert not list(run.glob("locked-*/*/*")), "features of a frozen tower are left behind"

    def test_a_finished_run_is_left_alone(self, here: Path, tmp_path: Path) -> None:
        run = self.copy_run(here, "finished", tmp_path / "run")
        weights, said = run / "model" / "model.safetensors", list[str]()
        before = weights.stat().st_mtime_ns
        train(load_recipe("run.toml"), run, say=said.append)
        assert said == []
        assert weights.stat().st_mtime_ns == before

    def test_the_same_recipe_trains_to_the_same_model(self, here: Path, tmp_path: Path) -> None:
        said: list[str] = []
        shutil.copytree(here / "data", tmp_path / "run" / "data")
        train(load_recipe("run.toml"), tmp_path / "run", say=said.append)
        self.assert_same_end(tmp_path / "run", here / "runs" / "finished")
        assert [line for line in said if "R@1" in line] == [
            line for line in EXPECTED["said"] if "R@1" in line
        ]

    @staticmethod
    def assert_same_end(run: Path, finished: Path) -> None:
        one, other = (load_file(out / "model" / "model.safetensors") for out in (run, finished))
        assert one.keys() == other.keys()
        for name, weight in other.items():
            torch.testing.assert_close(
                one[name], weight, rtol=0, atol=1e-4, msg=lambda m, n=name: f"{n}: {m}"
            )
        assert json.loads((run / "best.json").read_text()) == json.loads((finished / "best.json").read_text())

    def test_its_epochs_are_compared(self, here: Path, tmp_path: Path) -> None:
        run_folder = self.copy_run(here, "finished", tmp_path / "run")
        asked = ("eval", "cuhk-pedes", "--split", "val", "--root", DATA, "--model", run_folder, "--json")
        report = json.loads(run(*asked).stdout)
        best = json.loads((run_folder / "best.json").read_text())["val"]["synthetic val"]
        assert report["text_to_image"]["R1"] == pytest.approx(best["R1"], abs=1e-3)


class TestRecipes:
    def test_every_key_is_read_and_what_is_spelled_anew_is_said(self, capsys: pytest.CaptureFixture) -> None:
        recipe = load_recipe(str(FIXTURE / "every-key.toml"))
        assert capsys.readouterr().err.count(" is now called ") == RENAMED_KEYS
        assert recipe.seed == 3
        assert recipe.model.interpolate == 0.1
        assert recipe.model.text_layers_to_keep == (0, 2)
        assert recipe.sampler.hard_neighbours == 1
        assert recipe.save_epochs
        names = [stage["name"] for stage in recipe.stages]
        assert names == ["phase", "phase", "locked", "locked", "hubness"]
        locked = recipe.stages[2:4]
        assert [stage["frozen"] for stage in locked] == ["text", "image"]
        assert [stage["identity_share"] for stage in locked] == [0.4, 0.5]
        assert [stage["candidates"] for stage in locked] == [50, 51]
        assert [stage["negatives"] for stage in locked] == [5, 6]
        assert [stage["drift_weight"] for stage in locked] == [2.0, 3.0]

    def test_every_option_of_losses_branches_and_matcher_is_known(self) -> None:
        recipe = load_recipe(str(FIXTURE / "every-key.toml"))
        sizes = losses.Sizes(
            32, 5, attributes={"bag": ("yes", "no")}, image_width=8, text_width=8, vocabulary=9
        )
        for name, options in recipe.loss.items():
            assert losses.create(name, options, sizes)[0] == options["weight"]
        for name, options in recipe.model.branches.items():
            branches.create(name, options, image_width=8, text_width=8)
        assert recipe.model.matcher == {"width": 256, "heads": 4, "weight": 0.01}


class TestMeasuring:
    @pytest.mark.parametrize(
        ("name", "options"),
        [
            ("plain", ()),
            ("matcher", ("--match", "4")),
            ("matcher", ("--rerank", "4")),
            ("k-reciprocal", ("--k-reciprocal",)),
        ],
    )
    def test_eval(self, here: Path, name: str, options: tuple[str, ...]) -> None:
        asked = ("eval", "cuhk-pedes", "--split", "train", "--root", DATA, "--model", "model", "--json")
        done = run(*asked, *options)
        assert_equal(json.loads(done.stdout) | {"model": ""}, EXPECTED["eval"][name] | {"model": ""})
        assert ("--match 4 is now --rerank 4" in done.stderr) == ("--match" in options)

    def test_the_spelling_that_changed_its_meaning_is_refused(self, here: Path) -> None:
        for asked in (
            ("eval", "cuhk-pedes", "--root", DATA, "--model", "model", "--rerank"),
            ("bench", "suite.toml", "--root", DATA),
        ):
            assert "--k-reciprocal" in run(*asked, code=2).stderr

    def test_bench(self, here: Path, tmp_path: Path) -> None:
        suite = (FIXTURE / "suite.toml").read_text()
        assert suite.count("rerank = true") == 1
        (tmp_path / "suite.toml").write_text(suite.replace("rerank = true", "k_reciprocal = true"))
        done = run("bench", tmp_path / "suite.toml", "--root", DATA, "--json")
        rows = [row | {"model": ""} for row in json.loads(done.stdout)["rows"]]
        assert_equal(rows, [row | {"model": ""} for row in EXPECTED["bench"]["rows"]])
        assert "match is now rerank" in done.stderr


def test_a_parquet_data_set_is_read(here: Path, tmp_path: Path) -> None:
    run("convert", "parquet", "--root", "parquet", "--out", tmp_path / "folder")
    done = run("doctor", "folder", "--root", tmp_path / "folder")
    assert "captions" in done.output


def assert_equal(report: Any, expected: Any) -> None:
    """What was expected is there: the same words, and numbers but for the last digit."""
    if isinstance(expected, dict):
        assert expected.keys() <= report.keys()
        for key, value in expected.items():
            assert_equal(report[key], value)
    elif isinstance(expected, list):
        assert len(report) == len(expected)
        for one, other in zip(report, expected, strict=True):
            assert_equal(one, other)
    else:
        assert report == pytest.approx(expected, abs=1e-3)


class TestSurface:
    @pytest.mark.parametrize("package", [textreid, textreid_index])
    def test_public_names_are_there(self, package: Any) -> None:
        missing = [name for name in SURFACE[package.__name__] if not hasattr(package, name)]
        assert missing == []

    @pytest.mark.parametrize("verb", SURFACE["verbs"])
    def test_verbs_and_options_are_there(self, verb: str) -> None:
        command: Any = get_command(application())
        for name in verb.split():
            command = command.commands[name]
        options = {option for p in command.params for option in (*p.opts, *p.secondary_opts)}
        assert set(SURFACE["verbs"][verb]) <= options
