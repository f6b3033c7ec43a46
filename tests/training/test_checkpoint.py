"""What a run keeps to go on from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from textreid.errors import InputError, ModelError
from textreid.recipe import DataRecipe, ModelRecipe, Recipe, SamplerRecipe
from textreid.training.averaging import MovingAverage
from textreid.training.checkpoint import load_state, save_state, settle
from textreid.training.progress import Progress

RECIPE = Recipe(
    data=(DataRecipe("cuhk-pedes", root="here"),), val=(DataRecipe("cuhk-pedes", split="val"),), seed=1
)


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


def test_state_reads_back_whole(tmp_path: Path) -> None:
    progress = Progress(phase=1, epoch=5, epoch_in_phase=2, batch=17, best=31.5, trust=[[1.0, 0.5], []])
    saved, loaded = parts(seed=0), parts(seed=1)
    save_state(tmp_path, progress, saved)
    assert load_state(tmp_path, loaded) == progress
    for name in ("model", "objective", "average"):
        one, other = saved[name].state_dict(), loaded[name].state_dict()
        assert all(torch.equal(one[key], other[key]) for key in one), name
    optimizers = (saved["optimizer"].state.values(), loaded["optimizer"].state.values())
    for one, other in zip(*optimizers, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


def test_without_a_state_it_starts_anew(tmp_path: Path) -> None:
    assert load_state(tmp_path, parts()) == Progress()


def test_kill_while_writing_leaves_the_state_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_state(tmp_path, Progress(batch=1), parts())

    def killed(state: object, file: object) -> None:
        file.write(b"half a st")  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            save_state(tmp_path, Progress(batch=2), parts())
    assert load_state(tmp_path, parts()).batch == 1


def test_state_of_another_model_is_refused(tmp_path: Path) -> None:
    save_state(tmp_path, Progress(), parts(width=3))
    with pytest.raises(ModelError, match=r"state\.pt' belongs to another recipe, or is damaged"):
        load_state(tmp_path, parts(width=4))


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_damaged_state_is_refused(tmp_path: Path, share: float) -> None:
    save_state(tmp_path, Progress(), parts())
    content = (tmp_path / "state.pt").read_bytes()
    (tmp_path / "state.pt").write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError, match="or is damaged: choose another --out"):
        load_state(tmp_path, parts())


class TestSettle:
    @pytest.mark.parametrize(
        "same",
        [
            RECIPE,
            replace(RECIPE, workers=7, description="in other words"),
            replace(RECIPE, data=(DataRecipe("cuhk-pedes", root="moved"),)),
        ],
    )
    def test_run_goes_on_with_the_same_settings(self, tmp_path: Path, same: Recipe) -> None:
        settle(RECIPE, tmp_path)
        save_state(tmp_path, Progress(), parts())
        settle(same, tmp_path)
        settle(RECIPE, tmp_path)

    def test_other_settings_are_refused_by_name(self, tmp_path: Path) -> None:
        settle(RECIPE, tmp_path)
        save_state(tmp_path, Progress(), parts())
        with pytest.raises(
            InputError, match="holds a run with another average and seed: choose another --out"
        ):
            settle(replace(RECIPE, seed=2, average=0.9), tmp_path)

    def test_before_anything_is_learned_settings_may_change(self, tmp_path: Path) -> None:
        settle(RECIPE, tmp_path)
        settle(replace(RECIPE, seed=2), tmp_path)
        assert '"seed": 2' in (tmp_path / "recipe.json").read_text()

    def test_a_run_that_began_under_other_names_of_its_keys_goes_on(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        recipe = replace(
            RECIPE,
            model=ModelRecipe(interpolate=0.2, matcher={"weight": 0.03}),
            sampler=SamplerRecipe(hard_neighbours=2),
            save_epochs=True,
        )
        settle(recipe, tmp_path)
        save_state(tmp_path, Progress(), parts())
        written = (tmp_path / "recipe.json").read_text()
        old = written
        for new, before in [
            ("interpolate", "keep"),
            ("weight", "say"),
            ("hard_neighbours", "alike"),
            ("save_epochs", "keep_epochs"),
        ]:
            assert old.count(f'"{new}":') == 1
            old = old.replace(f'"{new}":', f'"{before}":')
        (tmp_path / "recipe.json").write_text(old)
        with pytest.raises(InputError, match="a run with another seed"):
            settle(replace(recipe, seed=2), tmp_path)
        settle(recipe, tmp_path)
        assert (tmp_path / "recipe.json").read_text() == written
        assert capsys.readouterr().err == ""  # the file is ours: nobody has to change it
