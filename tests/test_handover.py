"""The compiled engine leaves to PyTorch what PyTorch trains faster."""

from dataclasses import replace

import pytest

from benchmarks.paths import networks
from lab.config import LayerSpec, NetworkConfig, conv, linear, max_pool
from lab.handover import is_left_to_pytorch
from lab.memory import expected_engine
from lab.steps import STEPS, step


def of(*layers: LayerSpec) -> NetworkConfig:
    return NetworkConfig(layers=layers)


def test_the_compiled_engine_trains_every_step_and_the_anchor() -> None:
    named = {name: config.network for name, config in networks() if not name.startswith("drawn")}
    assert len(named) == len(STEPS) + 1
    assert [name for name, network in named.items() if is_left_to_pytorch(network)] == []


def test_a_network_of_very_many_weights_is_left_to_pytorch() -> None:
    """From c channels to c in a 7x7 kernel: 49 c c weights; padding keeps the map, so nothing is made in vain."""
    few, many = (of(conv(c, 3, padding=1), conv(c, 7, padding=3), linear()) for c in (100, 102))
    assert 9 * 100 + 49 * 100**2 < 500_000 < 9 * 102 + 49 * 102**2
    assert (is_left_to_pytorch(few), is_left_to_pytorch(many)) == (False, True)


@pytest.mark.parametrize(
    "second", [conv(32, 9), conv(100, 5, stride=2), conv(10, 24)], ids=["large kernel", "stride", "a kernel as the map"]
)
def test_where_the_input_is_much_larger_than_what_is_made_of_it_pytorch_is_faster(second: LayerSpec) -> None:
    network = of(conv(32, 5), second, linear())
    assert is_left_to_pytorch(network)
    config = replace(step(5).config, network=network)
    assert expected_engine(config) == "pytorch"


@pytest.mark.parametrize(
    "network",
    [
        of(conv(6, 5), max_pool(), conv(16, 5), max_pool(), conv(120, 4), linear()),  # LeNet, which is small
        of(conv(8, 3, stride=2), conv(16, 3, stride=2), conv(32, 3, stride=2), linear()),
        of(conv(32, 3), max_pool(), conv(64, 3), max_pool(), conv(128, 3), linear()),
    ],
    ids=["LeNet", "strides", "three convolutions"],
)
def test_what_people_build_is_the_compiled_engines(network: NetworkConfig) -> None:
    assert not is_left_to_pytorch(network)
