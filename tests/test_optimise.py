"""Which weights move, how fast, and along which curve."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.small_models import joint_model
from textreid.config import Phase
from textreid.errors import UnknownNameError
from textreid.losses import Sizes
from textreid.objective import Objective
from textreid.optimise import (
    blend,
    freeze_image,
    freeze_text,
    make_optimizer,
    schedule,
    set_dropout,
    set_rates,
)


class TestSchedule:
    def test_warms_up_in_equal_steps(self) -> None:
        rates = [schedule(step, 100, warmup=10, final=0) for step in range(11)]
        assert rates == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0])

    def test_falls_by_half_a_cosine(self) -> None:
        assert schedule(10, 110, warmup=10, final=0.2) == pytest.approx(1.0)
        assert schedule(60, 110, warmup=10, final=0.2) == pytest.approx(0.6)
        assert schedule(110, 110, warmup=10, final=0.2) == pytest.approx(0.2)

    def test_never_rises_again(self) -> None:
        rates = [schedule(step, 50, warmup=5, final=0.1) for step in range(5, 80)]
        assert rates == sorted(rates, reverse=True)
        assert rates[-1] == pytest.approx(0.1)

    def test_warm_up_takes_a_quarter_at_most(self) -> None:
        assert schedule(2, 12, warmup=1000, final=0) == pytest.approx(1)

    @pytest.mark.parametrize("steps", [1, 2, 3])
    def test_shortest_phases(self, steps: int) -> None:
        assert all(0 < schedule(step, steps, warmup=200, final=0) <= 1 for step in range(steps))


def optimised() -> tuple[nn.Module, nn.Module, dict[int, dict[str, object]]]:
    """A model, an objective, and the settings that each weight is trained with."""
    model, _ = joint_model()
    objective = Objective({"identification": {}}, {"global": Sizes(24, 5)})
    freeze_text(model, 1)
    optimizer = make_optimizer(model, objective, weight_decay=0.05)
    set_rates(optimizer, Phase(1, image_rate=1.0, text_rate=2.0, head_rate=3.0), factor=0.5)
    settings = {id(weight): group for group in optimizer.param_groups for weight in group["params"]}
    return model, objective, settings


def test_every_weight_follows_the_rate_of_its_part() -> None:
    model, objective, settings = optimised()
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            rate = {"image_tower": 0.5, "text_tower": 1.0}.get(name.split(".")[0], 1.5)
            assert settings.pop(id(weight))["lr"] == rate, name
    assert {settings.pop(id(w))["lr"] for w in objective.parameters() if w.requires_grad} == {1.5}
    assert settings == {}


def test_gains_and_biases_do_not_decay() -> None:
    model, _, settings = optimised()
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            decays = settings[id(weight)]["weight_decay"] > 0  # type: ignore[operator]
            assert decays == (weight.ndim > 1), name


def test_frozen_are_the_lowest_layers_and_the_embeddings() -> None:
    model, _, _ = optimised()
    frozen = {name for name, weight in model.named_parameters() if not weight.requires_grad}
    lowest = ("text_tower.embeddings.", "text_tower.encoder.layer.0.")
    assert frozen == {name for name, _ in model.named_parameters() if name.startswith(lowest)}


def test_nothing_is_frozen_by_default() -> None:
    model, _ = joint_model()
    freeze_text(model, 0)
    assert all(weight.requires_grad for weight in model.parameters())


def test_frozen_parts_of_the_image_tower_are_left_to_no_optimizer() -> None:
    model, _ = joint_model()
    freeze_image(model, ["conv_stem", "blocks.0"])
    optimizer = make_optimizer(model, Objective({"sdm": {}}, {"global": Sizes(24, 5)}), weight_decay=0.05)
    trained = {id(weight) for group in optimizer.param_groups for weight in group["params"]}
    for name, weight in model.image_tower.named_parameters():
        assert (id(weight) not in trained) == name.startswith(("conv_stem.", "blocks.0.")), name


def test_an_unknown_part_is_named_with_its_nearest() -> None:
    model, _ = joint_model()
    with pytest.raises(UnknownNameError, match=r"'blocks\.00'.*'blocks\.0'"):
        freeze_image(model, ["blocks.00"])


def test_dropout_is_the_same_everywhere() -> None:
    model, _ = joint_model()
    set_dropout(model.text_tower, 0.25)
    shares = {part.p for part in model.text_tower.modules() if isinstance(part, nn.Dropout)}
    assert shares == {0.25}


def test_a_blend_lies_between_what_was_and_what_was_learned() -> None:
    before, _ = joint_model(seed=0)
    after, _ = joint_model(seed=1)
    learned = {name: tensor.clone() for name, tensor in after.state_dict().items()}
    mixed = blend(after, before.state_dict(), 0.25).state_dict()
    for name, old in before.state_dict().items():
        if old.is_floating_point():
            torch.testing.assert_close(mixed[name], 0.25 * old + 0.75 * learned[name])
        torch.testing.assert_close(after.state_dict()[name], learned[name], rtol=0, atol=0)
    assert blend(after, before.state_dict(), 0.0) is after
