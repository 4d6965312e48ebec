"""The compiled engine leaves to PyTorch what PyTorch trains faster, and PyTorch folds what is faster folded."""

from dataclasses import replace

import pytest

from benchmarks.paths import networks
from lab.handover import is_left_to_pytorch, is_worth_folding
from lab.memory import expected_engine
from lab.network_config import LayerSpec, NetworkConfig, conv, linear, max_pool
from lab.steps import STEPS, step


def of(*layers: LayerSpec) -> NetworkConfig:
    return NetworkConfig(layers=layers)


def test_the_compiled_engine_trains_every_step_and_the_anchor() -> None:
    named = {name: config.network for name, config in networks() if not name.startswith("drawn")}
    assert len(named) == len(STEPS) + 1
    assert [name for name, network in named.items() if is_left_to_pytorch(network)] == []


def test_a_network_of_very_many_weights_is_left_to_pytorch() -> None:
    """From c channels to c in a 7x7 kernel: 49 c c weights; padding keeps the map, so its positions are many."""
    few, many = (of(conv(c, 3, padding=1), conv(c, 7, padding=3), linear()) for c in (142, 143))
    assert 9 * 142 + 49 * 142**2 < 1_000_000 < 9 * 143 + 49 * 143**2
    assert (is_left_to_pytorch(few), is_left_to_pytorch(many)) == (False, True)
    assert expected_engine(replace(step(5).config, network=many)) == "pytorch"


def test_where_most_multiplications_are_of_many_weights_with_few_positions_pytorch_is_faster() -> None:
    """A 24x24 map of 5 channels, then its only or its four positions: 5 c k k weights."""
    one, four, few_weights = (
        of(conv(5, 5), second, linear()) for second in (conv(109, 24), conv(60, 22, stride=2), conv(10, 24))
    )
    assert 5 * 109 * 24**2 > 100_000 and 5 * 60 * 22**2 > 100_000 > 5 * 10 * 24**2
    assert (is_left_to_pytorch(one), is_left_to_pytorch(four), is_left_to_pytorch(few_weights)) == (True, True, False)


def test_it_does_not_matter_where_the_other_layers_multiply_more() -> None:
    """256 maps of 128, 3x3 each: 294,912 weights for one position, of 8 million multiplications."""
    layers = [layer for count in (32, 64, 128) for layer in (conv(count, 3, padding=1), max_pool())]
    assert not is_left_to_pytorch(of(*layers, conv(256, 3), linear()))


@pytest.mark.parametrize(
    "second", [conv(32, 9), conv(100, 5, stride=2), conv(16, 13)], ids=["large kernel", "stride", "half of the map"]
)
def test_a_small_map_of_a_large_one_is_the_engines(second: LayerSpec) -> None:
    assert not is_left_to_pytorch(of(conv(32, 5), second, linear()))


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


# --- the folded stem, where no compiler is ------------------------------------------------------------------------


def stem(channels: int, kernel: int, padding: int = 0) -> NetworkConfig:
    return of(conv(channels, kernel, padding=padding), conv(8, 1), max_pool(), conv(10, 3))


@pytest.mark.parametrize("number", range(2, 6))
def test_the_stem_of_every_step_that_has_one_is_folded(number: int) -> None:
    assert is_worth_folding(step(number).config.network)


@pytest.mark.parametrize("kernel", [1, 3, 5, 7, 9, 12])
def test_a_stem_is_folded_from_ten_channels_on_for_each_row_of_its_kernel(kernel: int) -> None:
    assert [is_worth_folding(stem(channels, kernel)) for channels in (10 * kernel - 1, 10 * kernel)] == [False, True]


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_large_kernel_over_few_channels_is_trained_as_it_is(batch_norm: bool) -> None:
    """Folded, 18x18 over 16 channels took five times as long with batch norm, and twice without."""
    network = replace(stem(16, 18, padding=9), batch_norm=batch_norm)
    assert expected_engine(replace(step(5).config, network=network), compiled=False) == "pytorch"


def test_what_has_no_stem_is_not_folded() -> None:
    assert not is_worth_folding(of(conv(96, 5), conv(16, 3), linear()))
    assert not is_worth_folding(of(max_pool(), conv(10, 3)))
