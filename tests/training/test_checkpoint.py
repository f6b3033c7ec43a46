"""What a run keeps to go on from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from textreid.errors import InputError, ModelError, TextReIDError
from textreid.io.run_folder import RunFolder
from textreid.recipe import DataRecipe, ModelRecipe, Recipe, SamplerRecipe
from textreid.training.averaging import MovingAverage
from textreid.training.checkpoint import read_state, restore, save_state, settle
from textreid.training.progress import RunState
from textreid.training.stage import read_stages

RECIPE = Recipe(
    data=(DataRecipe("cuhk-pedes", root="here"),),
    val=(DataRecipe("cuhk-pedes", split="val"),),
    loss={"itc": {}},
    stages=({"name": "phase", "epochs": 6}, {"name": "hubness"}),
    seed=1,
)


STAGES = read_stages(RECIPE)
STATE = RunState(stage=0, name="phase", epoch=2, batch=17, finished=False, steps=57, best=31.5)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def parts(width: int = 3, seed: int = 0) -> dict[str, Any]:
    """A model and an objective after one step of AdamW, and a moving average of the model."""
    torch.manual_seed(seed)
    model, objective = nn.Linear(2, width), nn.Linear(width, 1)
    optimizer = torch.optim.AdamW([*model.parameters(), *objective.parameters()], lr=0.1)
    objective(model(torch.randn(4, 2))).sum().backward()
    optimizer.step()
    average = MovingAverage(model, 0.9)
    average.update_parameters(model)
    return {"model": model, "objective": objective, "optimizer": optimizer, "average": average}


def test_state_reads_back_whole(run: RunFolder) -> None:
    saved, loaded = parts(seed=0), parts(seed=1)
    save_state(run, STATE, saved)
    assert read_state(run, STAGES) == STATE
    restore(run, STAGES, loaded)
    for name in ("model", "objective", "average"):
        one, other = saved[name].state_dict(), loaded[name].state_dict()
        assert all(torch.equal(one[key], other[key]) for key in one), name
    optimizers = (saved["optimizer"].state.values(), loaded["optimizer"].state.values())
    for one, other in zip(*optimizers, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)
    assert [path.name for path in run.path.iterdir()] == ["state.pt"]


def test_without_a_state_it_starts_anew(run: RunFolder) -> None:
    assert read_state(run, STAGES) == RunState(stage=-1)


def test_kill_while_writing_leaves_the_state_before(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    save_state(run, STATE, parts())

    def killed(state: object, file: object) -> None:
        file.write(b"half a st")  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            save_state(run, replace(STATE, batch=18), parts())
    assert read_state(run, STAGES) == STATE


def test_state_of_another_model_is_refused(run: RunFolder) -> None:
    save_state(run, STATE, parts(width=3))
    with pytest.raises(ModelError, match=r"state\.pt' belongs to another recipe, or is damaged"):
        restore(run, STAGES, parts(width=4))


def test_state_of_a_stage_that_the_recipe_lacks_is_refused(run: RunFolder) -> None:
    save_state(run, replace(STATE, stage=1, name="locked"), parts())
    with pytest.raises(InputError, match=r"left in stages\[1\], 'locked', which the recipe does not have"):
        read_state(run, STAGES)


@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.99])
def test_damaged_state_is_refused(run: RunFolder, fraction: float) -> None:
    save_state(run, STATE, parts())
    content = run.state.read_bytes()
    run.state.write_bytes(content[: int(fraction * len(content))])
    with pytest.raises(ModelError, match="or is damaged: choose another --out"):
        read_state(run, STAGES)


class TestSettle:
    @pytest.mark.parametrize(
        "same",
        [
            RECIPE,
            replace(RECIPE, workers=7, description="in other words"),
            replace(RECIPE, data=(DataRecipe("cuhk-pedes", root="moved"),)),
        ],
    )
    def test_run_goes_on_with_the_same_settings(self, run: RunFolder, same: Recipe) -> None:
        settle(RECIPE, run)
        save_state(run, STATE, parts())
        settle(same, run)
        settle(RECIPE, run)

    def test_other_settings_are_refused_by_name(self, run: RunFolder) -> None:
        settle(RECIPE, run)
        save_state(run, STATE, parts())
        with pytest.raises(
            InputError, match="holds a run with another average and seed: choose another --out"
        ):
            settle(replace(RECIPE, seed=2, average=0.9), run)

    def test_without_its_settings_a_state_goes_on_by_new_ones(self, run: RunFolder) -> None:
        """Also where its stage was over, and even if it is ended before the settings are written."""
        settle(RECIPE, run)
        save_state(run, replace(STATE, finished=True), parts())
        settle(RECIPE, run)
        assert read_state(run, STAGES).finished
        run.recipe.unlink()
        settle(replace(RECIPE, seed=2), run)
        assert read_state(run, STAGES) == STATE
        settle(replace(RECIPE, seed=2), run)

    def test_settings_are_written_with_their_defaults(self, run: RunFolder) -> None:
        settle(RECIPE, run)
        phase, hubness = json.loads(run.recipe.read_text())["stages"]
        assert phase["image_size"] == [256, 128]
        assert hubness == {"name": "hubness", "nearest": 200}

    @pytest.mark.parametrize("written", ["", "{", "[]", '{"seed": "one"}', "[" * 9999])
    def test_settings_that_are_none_are_named(self, run: RunFolder, written: str) -> None:
        settle(RECIPE, run)
        run.recipe.write_text(written)
        with pytest.raises(TextReIDError, match=r"recipe\.json"):
            settle(RECIPE, run)

    def test_what_a_stage_has_stored_is_left_to_the_same_settings_alone(self, run: RunFolder) -> None:
        settle(RECIPE, run)
        features = run.stage("phase", 0)
        features.mkdir()
        settle(RECIPE, run)
        assert features.exists()
        settle(replace(RECIPE, seed=2), run)
        assert not features.exists()

    def test_before_anything_is_learned_settings_may_change(self, run: RunFolder) -> None:
        settle(RECIPE, run)
        settle(replace(RECIPE, seed=2), run)
        assert '"seed": 2' in run.recipe.read_text()

    def test_a_run_that_began_under_other_names_of_its_keys_goes_on(
        self, run: RunFolder, capsys: pytest.CaptureFixture[str]
    ) -> None:
        recipe = replace(
            RECIPE,
            model=ModelRecipe(interpolate=0.2, matcher={"weight": 0.03}),
            sampler=SamplerRecipe(hard_neighbours=2),
            save_epochs=True,
        )
        settle(recipe, run)
        save_state(run, STATE, parts())
        written = run.recipe.read_text()
        old = written
        for new, before in [
            ("interpolate", "keep"),
            ("weight", "say"),
            ("hard_neighbours", "alike"),
            ("save_epochs", "keep_epochs"),
        ]:
            assert old.count(f'"{new}":') == 1
            old = old.replace(f'"{new}":', f'"{before}":')
        run.recipe.write_text(old)
        with pytest.raises(InputError, match="a run with another seed"):
            settle(replace(recipe, seed=2), run)
        settle(recipe, run)
        assert run.recipe.read_text() == written
        assert capsys.readouterr().err == ""  # the file is ours: nobody has to change it
