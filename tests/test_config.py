"""What a run is: every config survives JSON, and a value that no run can have is named."""

import json
import math
from dataclasses import FrozenInstanceError, asdict, replace
from typing import Any

import pytest
from any_config import run_configs
from examples import flat, tiny_run
from hypothesis import given
from hypothesis import strategies as st

from lab.config import ConfigError, RunConfig, from_json, to_json
from lab.layers import total_parameters
from lab.network_config import NetworkConfig, conv, max_pool
from lab.steps import matching_step
from lab.training_config import Augmentation


@given(run_configs)
def test_json_gives_back_an_equal_config(config: RunConfig) -> None:
    assert from_json(to_json(config)) == config


@given(run_configs)
def test_equal_configs_give_equal_text(config: RunConfig) -> None:
    assert to_json(from_json(to_json(config))) == to_json(config)


def test_a_config_cannot_be_changed_and_can_be_a_key() -> None:
    config = tiny_run()
    with pytest.raises(FrozenInstanceError):
        config.seed = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        config.network.layers[0].kernel = 3  # type: ignore[misc]
    assert {config: 1}[tiny_run()] == 1
    assert tiny_run(seed=2) != config


def test_fields_are_given_by_name_only() -> None:
    with pytest.raises(TypeError):
        RunConfig(tiny_run().network)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: tiny_run(epochs=0), "epochs is 0; it must be a whole number from 1 to 200."),
        (lambda: tiny_run(epochs=2.0), "epochs is 2.0; it must be a whole number from 1 to 200."),
        (lambda: tiny_run(epochs=math.nan), "epochs is nan; it must be a whole number from 1 to 200."),
        (lambda: tiny_run(epochs=True), "epochs is True; it must be a whole number from 1 to 200."),
        (lambda: tiny_run(batch_size=10_001), "batch_size is 10001; it must be a whole number from 1 to 10,000."),
        (lambda: tiny_run(seed=2**32), "seed is 4294967296; it must be a whole number from 0 to 4,294,967,295."),
        (lambda: tiny_run(device="tpu"), "device is 'tpu'; it must be one of auto, cpu, cuda, mps."),
        (lambda: tiny_run(precision="int8"), "precision is 'int8'; it must be one of float32, bfloat16."),
        (lambda: tiny_run(evaluate_on="train"), "evaluate_on is 'train'; it must be one of test, validation."),
        (lambda: tiny_run(training_images=0), "training_images is 0; it must be a whole number from 1 to 60,000."),
        (lambda: tiny_run(label_smoothing=0.4), "label_smoothing is 0.4; it must be a number from 0 to 0.3."),
        (lambda: tiny_run(weight_averaging=1), "weight_averaging is 1; it must be a number from 0 to 0.9999."),
    ],
)
def test_a_value_out_of_range_is_named_with_what_is_allowed(build: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        build()
    assert str(error.value) == sentence


def test_every_number_and_choice_of_a_config_is_checked() -> None:
    """No field of any dataclass takes an arbitrary object."""
    data = asdict(tiny_run())
    for name, value in flat(tiny_run()):
        if name.endswith("layers"):
            continue
        path = [int(part) - 1 if part.isdigit() else part for part in name.split(".")]
        if value is None:  # the channels of a pooling
            continue
        broken = json.loads(json.dumps(data))
        owner = broken
        for part in path[:-1]:
            owner = owner[part]
        owner[path[-1]] = {"not": "a value"}
        with pytest.raises(ConfigError):
            from_json(json.dumps(broken))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: data.update(epoch=3), "config has no field 'epoch'."),
        (lambda data: data["optimizer"].update(nesterov=True), "config.optimizer has no field 'nesterov'."),
        (lambda data: data["network"]["layers"][1].update(dilation=2), "layer 2 has no field 'dilation'."),
        (lambda data: data.update(epochs=500), "config: epochs is 500; it must be a whole number from 1 to 200."),
        (
            lambda data: data["network"]["layers"][2].update(kernel=0),
            "layer 3: kernel is 0; it must be a whole number from 1 to 28.",
        ),
        (lambda data: data["network"].update(layers="conv"), "config.network.layers is 'conv'; it must be a list."),
        (lambda data: data.update(schedule=None), "config.schedule is None; it must be an object."),
        (lambda data: data.update(seed=10**400), "config: seed is 1000000000"),  # shortened
    ],
)
def test_json_with_an_unknown_or_impossible_value_is_refused_with_its_place(change: Any, sentence: str) -> None:
    data = json.loads(to_json(tiny_run()))
    change(data)
    with pytest.raises(ConfigError) as error:
        from_json(json.dumps(data))
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize("place", [("network",), ("network", "layers"), ("network", "layers", 0, "kernel")])
def test_json_that_lacks_a_needed_field_is_refused_with_its_name(place: tuple[Any, ...]) -> None:
    data = json.loads(to_json(tiny_run()))
    owner = data
    for part in place[:-1]:
        owner = owner[part]
    del owner[place[-1]]
    with pytest.raises(ConfigError, match=f"lacks a field.*'{place[-1]}'"):
        from_json(json.dumps(data))


STEP_1_BEFORE = """
{"augmentation": {"interpolation": "nearest", "pen": 0.0, "rotation": 0.0, "scale": 0.0, "shear": 0.0, "shift": 0.0},
"batch_size": 64, "device": "cpu", "engine": "fastest", "epochs": 15, "evaluate_on": "test", "network": {"batch_norm":
false, "dropout": 0.0, "layers": [{"channels": 96, "kernel": 5, "kind": "conv", "padding": 2, "stride": 1}, {"channels":
48, "kernel": 1, "kind": "conv", "padding": 0, "stride": 1}, {"channels": null, "kernel": 2, "kind": "max_pool",
"padding": 0, "stride": 2}, {"channels": 16, "kernel": 3, "kind": "conv", "padding": 0, "stride": 1}, {"channels": 64,
"kernel": 1, "kind": "conv", "padding": 0, "stride": 1}, {"channels": null, "kernel": 2, "kind": "max_pool", "padding":
0, "stride": 2}, {"channels": 256, "kernel": 3, "kind": "conv", "padding": 0, "stride": 1}, {"channels": 10, "kernel":
3, "kind": "conv", "padding": 0, "stride": 1}]}, "optimizer": {"kind": "sgd", "learning_rate": 0.01, "momentum": 0.9,
"weight_decay": 0.0}, "precision": "float32", "schedule": {"gamma": 0.1, "kind": "none", "step_size": 5, "warmup": 0.3},
"seed": 3, "training_images": 60000}
"""


def test_a_run_of_an_earlier_step_1_keeps_the_network_that_it_was_trained_with() -> None:
    earlier = from_json(STEP_1_BEFORE)
    layers = (conv(96, 5, padding=2), conv(48, 1), max_pool(), conv(16, 3), conv(64, 1), max_pool(), conv(256, 3))
    assert earlier == RunConfig(network=NetworkConfig(layers=(*layers, conv(10, 3))), seed=3, device="cpu")
    assert total_parameters(earlier.network) == 185_930
    assert matching_step(earlier) is None


def test_json_that_lacks_a_field_with_a_default_takes_the_default() -> None:
    data = json.loads(to_json(tiny_run(precision="bfloat16")))
    del data["precision"]
    assert from_json(json.dumps(data)).precision == "float32"


def test_a_config_of_an_older_lab_has_biases_everywhere_and_nothing_else_that_is_newer() -> None:
    data = json.loads(to_json(tiny_run()))
    newer = {"network": ("bias", "second_reading", "deslant"), "": ("label_smoothing", "weight_averaging")}
    for part, names in newer.items():
        for name in names:
            del (data[part] if part else data)[name]
    config = from_json(json.dumps(data))
    assert config == tiny_run()
    assert (config.network.bias, config.network.second_reading, config.network.deslant) == ("all", False, False)
    assert (config.label_smoothing, config.weight_averaging) == (0, 0)


@pytest.mark.parametrize("depth", [500, 5_000, 200_000])
def test_a_config_nested_ever_so_deep_is_refused_in_a_short_sentence(depth: int) -> None:
    lists = "[" * depth + "]" * depth
    for text in (lists, to_json(tiny_run()).replace('"epochs": 3', f'"epochs": {lists}')):
        with pytest.raises(ConfigError) as error:
            from_json(text)
        assert len(str(error.value)) < 200


@given(st.text(max_size=20) | st.recursive(st.integers() | st.none(), st.lists).map(json.dumps))
def test_text_that_is_no_config_gives_a_config_error_and_nothing_else(text: str) -> None:
    with pytest.raises(ConfigError):
        from_json(text)


def test_an_epoch_of_60_000_images_in_batches_of_64_has_938_iterations() -> None:
    config = RunConfig(network=tiny_run().network)
    assert (config.images_per_epoch, config.iterations_per_epoch) == (60_000, 938)  # 937 * 64 + 32 = 60,000
    assert replace(config, batch_size=60).iterations_per_epoch == 60_000 // 60
    assert replace(config, evaluate_on="validation").images_per_epoch == 60_000 - 10_000
    assert replace(config, evaluate_on="validation", training_images=500).images_per_epoch == 500
    assert replace(config, training_images=65).iterations_per_epoch == 2  # 64 + 1


@pytest.mark.parametrize(
    ("changes", "after_another", "after_the_last"),
    [
        ({}, 10_000 + 10_000, 10_000 + 60_000),
        ({"augmentation": Augmentation(rotation=7)}, 10_000 + 10_000, 10_000 + 2 * 60_000),
        ({"evaluate_on": "validation"}, 10_000 + 10_000, 10_000 + 50_000),
        ({"training_images": 6_000}, 10_000 + 6_000, 10_000 + 6_000),
        ({"measure_training": False}, 10_000, 10_000),
    ],
)
def test_after_an_epoch_the_evaluated_and_the_measured_images_are_read(
    changes: dict[str, Any], after_another: int, after_the_last: int
) -> None:
    config = RunConfig(network=tiny_run().network, epochs=15, **changes)
    assert (config.images_read(14), config.images_read(15)) == (after_another, after_the_last)
