"""A config in an address: short, readable, the same when it is read again, and refused in a sentence when wrong."""

from dataclasses import replace

import pytest
from any_config import run_configs
from examples import tiny_run
from hypothesis import given
from hypothesis import strategies as st

from lab.address import STEP_AT_FIRST, from_address, to_address
from lab.config import ConfigError, RunConfig
from lab.steps import STEPS, step
from lab.training_config import Optimizer


@given(run_configs)
def test_a_config_comes_back_from_its_address(config: RunConfig) -> None:
    assert from_address(to_address(config)) == config


@pytest.mark.parametrize("number", [preset.number for preset in STEPS])
def test_a_step_is_its_number(number: int) -> None:
    assert to_address(step(number).config) == {"step": str(number)}


def test_what_differs_from_the_nearest_step_is_named() -> None:
    changed = replace(step(3).config, seed=2, optimizer=Optimizer(learning_rate=0.05))
    assert to_address(changed) == {"step": "3", "seed": "2", "optimizer.learning_rate": "0.05"}
    assert to_address(tiny_run())["network.layers"] == "c6k5s2-m2s2-c10k3"


def test_an_address_that_names_no_config_gives_none_and_what_it_does_not_know_is_left_alone() -> None:
    assert from_address({}) is None
    assert from_address({"run": "7", "present": "1"}) is None
    assert from_address({"step": "2", "run": "7", "device": "cpu"}) == replace(step(2).config, device="cpu")


def test_an_address_without_a_step_changes_the_step_that_the_pages_begin_with() -> None:
    assert from_address({"seed": "4"}) == replace(step(STEP_AT_FIRST).config, seed=4)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"step": "9"}, "the address names step '9'; it must be one from 1 to 7."),
        ({"seed": "1,5"}, "Seed is '1,5'; write it without a comma"),
        ({"epochs": "0"}, "Epochs is 0; it must be a whole number from 1 to 200."),
        ({"optimizer.learning_rate": "nan"}, "Learning rate is 'nan'"),
        ({"network.batch_norm": "maybe"}, "Batch norm in the address is 'maybe'; it must be yes or no."),
        ({"device": "tpu"}, "Device is 'tpu'; it must be one of auto, cpu, cuda, mps."),
        ({"optimizer.kind": "adam"}, "optimizer is 'adam'; it must be one of "),
        ({"network.layers": "c" * 3000}, "Layers in the address is too long."),
        ({"network.layers": "c6k5-x"}, "the address names a layer 'x'"),
        ({"network.layers": "c0k3"}, "a convolution needs channels"),
        ({"network.layers": "-".join(["c10k1"] * 41)}, "the network has 41 layers"),
        ({"seed": "1" * 3000}, "Seed in the address is too long."),
    ],
)
def test_an_address_of_what_no_run_can_be_is_refused_in_a_sentence(query: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        from_address(query)
    assert sentence in str(refused.value)


@given(st.dictionaries(st.sampled_from(["step", "seed", "network.layers", "schedule.kind", "x"]), st.text(max_size=30)))
def test_no_address_ends_in_anything_but_a_config_or_a_sentence(query: dict[str, str]) -> None:
    try:
        assert from_address(query) is None or isinstance(from_address(query), RunConfig)
    except ConfigError as error:
        assert str(error)
