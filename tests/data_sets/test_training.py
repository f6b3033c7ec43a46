"""What training says of its data before the first step, and when it goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.recorder import Recorder
from tests.helpers.small_models import phase, short_run, small_recipe
from tests.helpers.tiny_run import write_people
from textreid.errors import ImageError, InputError
from textreid.recipe import DataRecipe, Recipe, SamplerRecipe
from textreid.training.from_recipe import train


@pytest.fixture
def people(tmp_path: Path) -> Path:
    write_people(tmp_path)
    return tmp_path


def recipe_of(root: Path, **changes) -> Recipe:
    data = DataRecipe("cuhk-pedes", root=str(root))
    plain = replace(
        short_run(small_recipe()),
        data=(data,),
        val=(replace(data, split="val"),),
        sampler=SamplerRecipe(identities=3, images=2),
        stages=(phase(),),
    )
    return replace(plain, **changes)


def rows_of(root: Path) -> list[dict]:
    return json.loads((root / "CUHK-PEDES" / "reid_raw.json").read_text())


def write_rows(root: Path, rows: list[dict]) -> None:
    (root / "CUHK-PEDES" / "reid_raw.json").write_text(json.dumps(rows))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("split", ["train", "val"])
def test_a_missing_image_of_any_split_is_named_before_the_first_step(people, workers, split):
    gone = next(row["file_path"] for row in rows_of(people) if row["split"] == split)
    (people / "CUHK-PEDES" / "imgs" / gone).unlink()
    reporter = Recorder()
    with pytest.raises(InputError, match=rf"{gone}: there is no such file\."):
        train(recipe_of(people, workers=workers), people / "run", reporter=reporter)
    assert not reporter.steps


@pytest.mark.parametrize("workers", [0, 2])
def test_a_broken_image_ends_training_with_its_path_in_one_line(people, workers):
    broken = next(row["file_path"] for row in rows_of(people) if row["split"] == "train")
    (people / "CUHK-PEDES" / "imgs" / broken).write_bytes(b"no image at all")
    with pytest.raises(ImageError) as ended:
        train(recipe_of(people, workers=workers), people / "run")
    said = str(ended.value)
    assert broken in said
    assert len(said.splitlines()) == 1
    assert "Traceback" not in said


@pytest.mark.parametrize("loss", ["triplet", "circle", "tal", "identification"])
def test_a_negative_margin_is_refused(people, loss):
    with pytest.raises(InputError, match="margin"):
        train(recipe_of(people, loss={loss: {"margin": -0.1}}), people / "run")


def test_a_run_does_not_go_on_with_other_people(people):
    train(recipe_of(people), people / "run")
    rows = rows_of(people)
    training = [row for row in rows if row["split"] == "train"]
    turned = [row["id"] for row in reversed(training)]
    for row, person in zip(training, turned, strict=True):
        row["id"] = person
    write_rows(people, rows)
    with pytest.raises(InputError, match=r"persons of training changed"):
        train(recipe_of(people), people / "run")


def test_a_run_does_not_go_on_with_other_captions_of_validation(people):
    train(recipe_of(people), people / "run")
    rows = rows_of(people)
    rows[-1]["captions"] = ["somebody else"]
    write_rows(people, rows)
    with pytest.raises(InputError, match=r"captions of cuhk-pedes val changed"):
        train(recipe_of(people), people / "run")


def test_a_run_goes_on_where_the_same_data_lies_elsewhere(people, tmp_path):
    done = train(recipe_of(people), people / "run")
    (people / "CUHK-PEDES").rename(tmp_path / "CUHK-PEDES-moved")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "CUHK-PEDES-moved").rename(elsewhere / "CUHK-PEDES")
    assert train(recipe_of(elsewhere), people / "run") == done


def test_validation_that_measures_nothing_is_refused_before_the_first_step(tmp_path):
    write_people(tmp_path)
    rows = [
        row for row in rows_of(tmp_path) if row["split"] == "train" or row["file_path"].endswith("_0.png")
    ]
    write_rows(tmp_path, rows)
    images_alone = recipe_of(tmp_path, model=small_recipe(reads_text=False), loss={"triplet": {}})
    reporter = Recorder()
    with pytest.raises(InputError, match=r"No query of cuhk-pedes val has a right answer"):
        train(images_alone, tmp_path / "run", reporter=reporter)
    assert not reporter.steps


def test_a_batch_of_one_image_is_refused():
    with pytest.raises(InputError, match="A batch of one image compares nothing"):
        SamplerRecipe(identities=1, images=1)


def test_an_epoch_of_losses_that_were_all_0_is_said(people):
    """One image a person has no positive among images, so the triplets of images alone are none."""
    reporter = Recorder()
    alone = recipe_of(
        people,
        model=small_recipe(reads_text=False),
        loss={"triplet": {"pairs": "images"}},
        sampler=SamplerRecipe(identities=3, images=1),
    )
    train(alone, people / "run", reporter=reporter)
    assert any("every loss was 0 in all" in note for note in reporter.notes)


def test_one_person_with_most_of_the_images_is_said(people):
    rows = rows_of(people)
    first = next(row for row in rows if row["split"] == "train")
    place = people / "CUHK-PEDES" / "imgs"
    for number in range(30):
        name = f"more_{number}.png"
        (place / name).write_bytes((place / first["file_path"]).read_bytes())
        rows.append(first | {"file_path": name})
    write_rows(people, rows)
    reporter = Recorder()
    train(recipe_of(people), people / "run", reporter=reporter)
    assert any("An epoch shows" in note and "within 8 epochs" in note for note in reporter.notes)


def test_captions_that_are_cut_are_said(people):
    rows = rows_of(people)
    for row in rows[:3]:
        row["captions"] = ["a red shirt and blue trousers " * 40]
    write_rows(people, rows)
    reporter = Recorder()
    train(recipe_of(people), people / "run", reporter=reporter)
    assert any("3 of 12 captions are longer than the" in note for note in reporter.notes)
