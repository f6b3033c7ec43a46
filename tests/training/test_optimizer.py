"""Which weights move, how fast, and along which curve."""

from __future__ import annotations

import copy

import pytest
import timm
import torch
from torch import nn
from transformers import BertConfig, BertModel

from tests.helpers.small_models import joint_model
from textreid.errors import UnknownNameError
from textreid.losses import Sizes
from textreid.recipe import OptimizerRecipe
from textreid.training.averaging import MovingAverage, interpolate_weights
from textreid.training.freezing import freeze, recompute_activations, set_dropout
from textreid.training.objective import Objective
from textreid.training.optimizer import layer_depths, make_optimizer
from textreid.training.schedule import Schedule

LOWEST = ("text_tower.embeddings", "text_tower.encoder.layer.0")


def optimised(**options: object) -> tuple[nn.Module, nn.Module, dict[int, dict[str, object]]]:
    """A model, an objective, and the settings that each weight is trained with."""
    model, _ = joint_model()
    objective = Objective({"identification": {}}, {"global": Sizes(24, 5)})
    optimizer = make_optimizer(
        model, objective.named_parameters(), OptimizerRecipe(**options), untrained=LOWEST
    )
    Schedule(1, image_rate=1.0, text_rate=2.0, head_rate=3.0).set_rates(optimizer, 0.5)
    settings = {id(weight): group for group in optimizer.param_groups for weight in group["params"]}
    return model, objective, settings


def test_every_weight_follows_the_rate_of_its_part() -> None:
    model, objective, settings = optimised()
    for name, weight in model.named_parameters():
        if not name.startswith(LOWEST):
            rate = {"image_tower": 0.5, "text_tower": 1.0}.get(name.split(".")[0], 1.5)
            assert settings.pop(id(weight))["lr"] == rate, name
    assert {settings.pop(id(w))["lr"] for w in objective.parameters() if w.requires_grad} == {1.5}
    assert settings == {}


def test_gains_and_biases_do_not_decay() -> None:
    model, _, settings = optimised()
    for name, weight in model.named_parameters():
        if not name.startswith(LOWEST):
            decays = settings[id(weight)]["weight_decay"] > 0  # type: ignore[operator]
            assert decays == (weight.ndim > 1), name


def test_biases_may_learn_faster() -> None:
    model, _, settings = optimised(bias_factor=2.0)
    for name, weight in model.image_tower.named_parameters():
        assert settings[id(weight)]["lr"] == (1.0 if name.endswith("bias") else 0.5), name


def test_each_layer_learns_slower_than_the_one_above() -> None:
    model, _, settings = optimised(layer_decay=0.5)
    layer = model.text_tower.encoder.layer[1]
    assert {settings[id(weight)]["lr"] for weight in layer.parameters()} == {0.5}  # one below the top
    stem = model.image_tower.conv_stem.weight
    stages = len(model.image_tower.blocks)
    assert settings[id(stem)]["lr"] == pytest.approx(0.5 * 0.5 ** (stages + 1))
    assert settings[id(model.image_projection.weight)]["lr"] == 1.5


class TestLayerDepths:
    """Against each network's own account of its layers, or its configuration."""

    @pytest.mark.parametrize("name", ["test_vit", "resnet10t", "test_efficientnet", "test_convnext"])
    def test_of_timm(self, name: str) -> None:
        tower = timm.create_model(name, num_classes=0)
        names = [name for name, _ in tower.named_parameters()]
        groups = timm.models.group_parameters(tower, tower.group_matcher(coarse=True), reverse=True)
        depths = layer_depths(names)
        order = sorted(set(depths.values()), reverse=True)
        blocks = [name for name in names if name.split(".")[0] in ("blocks", "stages") or "layer" in name]
        theirs = sorted({groups[name] for name in blocks})
        for name in blocks:
            assert order.index(depths[name]) == theirs.index(groups[name]) + 1, name
        assert depths[names[0]] == max(depths.values())

    def test_of_bert(self) -> None:
        config = BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=3, num_attention_heads=1)
        depths = layer_depths([name for name, _ in BertModel(config).named_parameters()])
        found = {
            name.split(".")[2] if "layer." in name else name.split(".")[0]: d for name, d in depths.items()
        }
        assert found == {"embeddings": 4, "0": 3, "1": 2, "2": 1, "pooler": 0}

    def test_without_layers_everything_is_the_top(self) -> None:
        assert set(layer_depths(["weight", "bias"]).values()) == {1}


@pytest.mark.parametrize(
    ("recipe", "kind"),
    [
        (OptimizerRecipe("adam", epsilon=1e-3), torch.optim.Adam),
        (OptimizerRecipe("sgd", momentum=0.8), torch.optim.SGD),
        (OptimizerRecipe("adamw", betas=(0.8, 0.9)), torch.optim.AdamW),
    ],
)
def test_optimizers_are_told_what_the_recipe_says(recipe: OptimizerRecipe, kind: type) -> None:
    optimizer = make_optimizer(joint_model()[0], [], recipe)
    assert type(optimizer) is kind
    said = {"betas": recipe.betas, "eps": recipe.epsilon, "momentum": recipe.momentum}
    told = {name: value for name, value in optimizer.defaults.items() if name in said}
    assert told == {name: said[name] for name in told}
    assert told


class TestFrozen:
    def test_only_these_and_only_meanwhile(self) -> None:
        model, _ = joint_model()
        model.text_projection.weight.requires_grad_(False)
        names = ["text_tower.encoder.layer.0", "image_tower.conv_stem", "text_projection"]
        with freeze(model, names) as modules:
            assert modules == [model.get_submodule(name) for name in names]
            still = {name for name, weight in model.named_parameters() if not weight.requires_grad}
        assert still == {
            n for n, _ in model.named_parameters() if n.startswith(tuple(f"{m}." for m in names))
        }
        trained = [name for name, weight in model.named_parameters() if not weight.requires_grad]
        assert trained == ["text_projection.weight"]

    def test_an_unknown_part_is_named_with_its_nearest(self) -> None:
        model, _ = joint_model()
        with (
            pytest.raises(UnknownNameError, match=r"'image_tower\.blocks\.00'.*'image_tower\.blocks\.0"),
            freeze(model, ["image_tower.blocks.00"]),
        ):
            pass


class TestMovingAverage:
    def test_is_the_weighted_sum_of_what_was(self) -> None:
        """Each step in numbers: the memory is (1 + n) / (10 + n) until it reaches the decay."""
        model = nn.BatchNorm1d(2)
        average = MovingAverage(model, 0.5)
        expected = None
        for step, value in enumerate([4.0, 1.0, -2.0, 8.0, 3.0, 5.0, -1.0, 2.0, 0.0, 6.0, 1.0, 7.0]):
            nn.init.constant_(model.weight, value)
            model.running_var.fill_(value + 10)
            model.num_batches_tracked.fill_(step)
            average.update_parameters(model)
            memory = min(0.5, (1 + step) / (10 + step))
            expected = value if expected is None else memory * expected + (1 - memory) * value
            torch.testing.assert_close(average.module.weight, torch.full((2,), expected))
            torch.testing.assert_close(average.module.running_var, torch.full((2,), expected + 10))
            assert average.module.num_batches_tracked == step
        assert torch.equal(model.weight, torch.full((2,), 7.0))


def test_recomputing_activations_changes_no_gradient() -> None:
    model, processor = joint_model()
    again = copy.deepcopy(model)
    recompute_activations(again)
    tokens = processor.tokenizer(["a red shirt", "a bag"], padding=True, return_tensors="pt")
    pixels = torch.randn(2, 3, 64, 32, generator=torch.Generator().manual_seed(0))
    for one in (model, again):
        one.train()
        set_dropout(one, 0)
        image = one.encode_image(pixels).pooled
        text = one.encode_text(tokens["input_ids"], tokens["attention_mask"]).pooled
        (image * text).sum().backward()
    for (name, one), (_, other) in zip(model.named_parameters(), again.named_parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, msg=name)


def test_dropout_is_the_same_everywhere() -> None:
    model, _ = joint_model()
    set_dropout(model.text_tower, 0.25)
    dropped = {part.p for part in model.text_tower.modules() if isinstance(part, nn.Dropout)}
    assert dropped == {0.25}


def test_a_blend_lies_between_what_was_and_what_was_learned() -> None:
    before, _ = joint_model(seed=0)
    after, _ = joint_model(seed=1)
    learned = {name: tensor.clone() for name, tensor in after.state_dict().items()}
    mixed = interpolate_weights(after, before.state_dict(), 0.25).state_dict()
    for name, old in before.state_dict().items():
        if old.is_floating_point():
            torch.testing.assert_close(mixed[name], 0.25 * old + 0.75 * learned[name])
        torch.testing.assert_close(after.state_dict()[name], learned[name], rtol=0, atol=0)
    assert interpolate_weights(after, before.state_dict(), 0.0) is after
