"""The tables of version 0.1 that said which stages there are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from textreid.errors import InputError
from textreid.recipe import load_recipe
from textreid.recipe.old_tables import to_stages

OLD = """
[model]
hubs = 7

[[phases]]
epochs = 1

[[locked]]
frozen = "text"

[[phases]]
epochs = 2
"""
STAGES = (
    {"name": "phase", "epochs": 1},
    {"name": "phase", "epochs": 2},
    {"name": "locked", "frozen": "text"},
    {"name": "hubness", "nearest": 7},
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "old.toml").write_text(OLD)
    return str(tmp_path / "old.toml")


def test_old_tables_become_stages_in_the_order_of_training(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load_recipe(path).stages == STAGES
    assert capsys.readouterr().err.splitlines() == [
        "'[[phases]]' is now '[[stages]]' with name = \"phase\".",
        "'[[locked]]' is now '[[stages]]' with name = \"locked\".",
        "'model.hubs' is now a table [[stages]] with name = \"hubness\" and nearest.",
    ]


@pytest.mark.parametrize(
    ("override", "place", "stage"),
    [
        ("phases.1.epochs=5", 1, {"name": "phase", "epochs": 5}),
        ("stages.1.epochs=5", 1, {"name": "phase", "epochs": 5}),
        ("locked.0.still=image", 2, {"name": "locked", "frozen": "image"}),
        ("model.hubs=9", 3, {"name": "hubness", "nearest": 9}),
    ],
)
@pytest.mark.parametrize("written", ["old", "new"])
def test_overrides_by_either_name(
    path: str, tmp_path: Path, override: str, place: int, stage: dict[str, object], written: str
) -> None:
    """In recipes with old tables and with today's."""
    if written == "new":
        tables = ("\n".join(f"{key} = {json.dumps(value)}" for key, value in one.items()) for one in STAGES)
        (tmp_path / "new.toml").write_text("".join(f"[[stages]]\n{table}\n" for table in tables))
        path = str(tmp_path / "new.toml")
    expected = list(STAGES)
    expected[place] = stage
    assert load_recipe(path, [override]).stages == tuple(expected)


@pytest.mark.parametrize(
    ("override", "names"),
    [
        ("model.hubs=0", ["phase", "phase", "locked"]),
        ("locked=[]", ["phase", "phase", "hubness"]),
        ("phases=[{epochs = 3}]", ["phase", "locked", "hubness"]),
        ("locked=[{}, {}]", ["phase", "phase", "locked", "locked", "hubness"]),
    ],
)
def test_whole_tables_are_overridden(path: str, override: str, names: list[str]) -> None:
    assert [stage["name"] for stage in load_recipe(path, [override]).stages] == names


def test_a_stage_that_is_not_there_is_refused(path: str) -> None:
    with pytest.raises(InputError, match="'2' must be a number from 0 to 1"):
        load_recipe(path, ["phases.2.epochs=1"])


def test_old_and_new_in_one_recipe_are_refused() -> None:
    with pytest.raises(InputError, match=r"'phases' and 'stages' stand in one recipe"):
        to_stages({"phases": [], "stages": []})


def test_what_came_in_stays_as_it_was() -> None:
    table = {"model": {"hubs": 3}, "phases": {"epochs": 1}}
    before = json.dumps(table)
    assert to_stages(table) == {
        "model": {},
        "stages": [{"name": "phase", "epochs": 1}, {"name": "hubness", "nearest": 3}],
    }
    assert json.dumps(table) == before
