"""The presets are the published recipe, each changes one thing, and a recipe makes a run one of them."""

import re
from dataclasses import fields, replace
from typing import Any

import pytest
from examples import noted, tiny_run

from lab import layers
from lab.config import RunConfig
from lab.layers import layer_table, total_parameters
from lab.network import build_network
from lab.network_config import PARAMETER_BUDGET, NetworkConfig
from lab.published import TARGET_ACCURACY, published_epochs, published_training
from lab.quick import quick
from lab.steps import RECIPE, STEPS, matching_step, step, with_recipe
from lab.training_config import Augmentation, Optimizer, Schedule


def test_the_steps_and_parameters_of_many_runs_are_known_without_making_a_config_or_a_table_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A list of runs asks for those of each at every click."""
    configs = [replace(step(number).config, seed=seed) for number in (1, 5, 7) for seed in range(10)]
    configs += [quick(config) for config in configs]
    known = [(matching_step(config), total_parameters(config.network)) for config in configs]
    made: list[object] = []
    monkeypatch.setattr(layers, "layer_table", lambda network: noted(made, network) and [])
    monkeypatch.setattr(RunConfig, "__post_init__", lambda config: made.append(config))
    assert [(matching_step(config), total_parameters(config.network)) for config in configs] == known
    assert made == []


def test_there_are_seven_presets_numbered_in_order() -> None:
    assert [preset.number for preset in STEPS] == [1, 2, 3, 4, 5, 6, 7]
    assert [step(number) for number in range(1, 8)] == list(STEPS)


@pytest.mark.parametrize("number", [0, 8, -1])
def test_a_step_that_is_none_is_refused_by_number(number: int) -> None:
    with pytest.raises(ValueError, match=f"There is no step {number}: choose 1 to 7"):
        step(number)


@pytest.mark.parametrize(
    ("number", "parameters"), [(1, 185_930), (2, 9_122), (3, 9_426), (4, 9_426), (5, 9_426), (6, 9_884), (7, 4_114)]
)
def test_a_preset_has_exactly_its_parameters_in_the_table_and_in_the_network(number: int, parameters: int) -> None:
    network = step(number).config.network
    assert total_parameters(network) == parameters
    assert sum(tensor.numel() for tensor in build_network(network, seed=1).parameters()) == parameters


def test_batch_norm_costs_2_parameters_a_channel_of_every_convolution_but_the_last() -> None:
    assert total_parameters(step(3).config.network) - total_parameters(step(2).config.network) == 2 * (
        96 + 16 + 16 + 8 + 16
    )


def test_every_preset_but_the_first_keeps_the_budget() -> None:
    assert [total_parameters(preset.config.network) < PARAMETER_BUDGET for preset in STEPS] == [False] + 6 * [True]


@pytest.mark.parametrize("number", range(1, 6))
def test_the_published_steps_share_one_recipe(number: int) -> None:
    config = step(number).config
    assert config.optimizer == Optimizer(kind="sgd", learning_rate=0.01, momentum=0.9, weight_decay=0)
    assert (config.epochs, config.batch_size, config.precision) == (15, 64, "float32")
    assert (config.evaluate_on, config.training_images) == ("test", 60_000)


def test_each_step_changes_one_thing() -> None:
    one, two, three, four, five, beyond, smallest = (preset.config for preset in STEPS)
    assert [layer.channels for layer in one.network.layers] == [64, 64, 64, None, 64, 64, 64, 10]
    assert [layer.channels for layer in two.network.layers if layer.channels] == [96, 16, 16, 8, 16, 10]
    assert replace(one, network=two.network) == two
    assert three == replace(two, network=replace(two.network, batch_norm=True, dropout=0.05))
    assert four == replace(three, augmentation=Augmentation(rotation=7, interpolation="nearest"))
    assert five == replace(four, schedule=Schedule(kind="step", step_size=5, gamma=0.1))
    assert beyond.network.bias == "none" and beyond.weight_averaging == 0.998
    assert [preset.number for preset in STEPS if preset.config.network.second_reading] == [6, 7]
    assert [preset.number for preset in STEPS if preset.config.network.deslant] == [6, 7]
    assert beyond.epochs == 15
    assert beyond.augmentation.pen > 0
    assert [layer.kernel for layer in smallest.network.layers] == [layer.kernel for layer in beyond.network.layers]
    slower = replace(smallest.optimizer, learning_rate=beyond.optimizer.learning_rate)
    assert replace(smallest, network=beyond.network, optimizer=slower) == beyond


def test_step_2_is_another_shape_than_step_1_and_the_story_says_what_it_saves() -> None:
    kinds = [[(layer.kind, layer.kernel) for layer in step(number).config.network.layers] for number in (1, 2)]
    assert kinds[0] != kinds[1]
    large, light = (sum(row.macs for row in layer_table(step(number).config.network)) for number in (1, 5))
    assert f"{large / 1e6:.1f} million multiplications, {large / light:.1f} times as many" in step(1).idea
    assert "A different shape." in step(2).idea
    assert total_parameters(step(1).config.network) / total_parameters(step(2).config.network) > 20
    assert sum(row.macs for row in layer_table(step(2).config.network)) * 15 < large


@pytest.mark.parametrize("number", range(1, 6))
def test_every_figure_of_the_published_findings_is_the_published_runs(number: int) -> None:
    trained = published_training(number)
    assert trained is not None
    log = [f"{epoch.test_accuracy:.2f}" for epoch in published_epochs(number)]
    told = re.findall(r"\d\d\.\d\d", step(number).published_findings)
    assert told and set(told) <= {*log, f"{trained.accuracy:.2f}", f"{TARGET_ACCURACY:.2f}"}


@pytest.mark.parametrize("number", range(1, 8))
@pytest.mark.parametrize(
    "change",
    [
        {"seed": 5},
        {"epochs": 2},
        {"device": "cpu"},
        {"precision": "bfloat16"},
        {"evaluate_on": "validation"},
        {"training_images": 500},
    ],
)
def test_a_run_follows_its_step_whatever_is_no_part_of_the_recipe(number: int, change: dict[str, Any]) -> None:
    assert matching_step(replace(step(number).config, **change)) == step(number)


@pytest.mark.parametrize(
    "changed",
    [
        replace(step(5).config, batch_size=32),
        replace(step(5).config, optimizer=Optimizer(learning_rate=0.02)),
        replace(step(5).config, augmentation=Augmentation(rotation=8)),
        replace(step(5).config, schedule=Schedule(kind="step", step_size=4)),
        replace(step(5).config, network=NetworkConfig(layers=step(5).config.network.layers, batch_norm=True)),
        tiny_run(),
    ],
)
def test_a_changed_recipe_is_no_step(changed: RunConfig) -> None:
    assert matching_step(changed) is None


def test_a_step_is_its_recipe_and_what_is_the_users_stays() -> None:
    mine = RunConfig(
        network=step(1).config.network,
        epochs=2,
        training_images=6000,
        seed=7,
        device="cpu",
        precision="bfloat16",
        engine="pytorch",
        evaluate_on="validation",
        measure_training=False,
    )
    users = {item.name for item in fields(RunConfig)} - set(RECIPE)
    for preset in STEPS:
        taken = with_recipe(mine, preset.number)
        assert matching_step(taken) == preset
        for name in users:
            assert getattr(taken, name) == getattr(mine, name)
    computed = {"device", "precision", "engine"}
    assert users == {"epochs", "training_images", "seed", "evaluate_on", "measure_training", *computed}
