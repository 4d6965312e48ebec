"""The layer table against the published one, and networks that cannot be."""

from dataclasses import replace
from typing import get_args

import pytest
import torch
from any_config import possible_networks
from hypothesis import given

from lab.layers import ImpossibleNetwork, layer_table, pooled_last, total_parameters, training_macs
from lab.network import build_network
from lab.network_config import Biases, LayerSpec, NetworkConfig, conv, linear, max_pool
from lab.steps import STEPS, step

LIGHT = step(3).config.network

# kind, kernel, padding, stride, input shape, output shape, receptive field: as published for steps 2 to 5
PUBLISHED_ROWS = [
    ("conv", 5, 2, 1, (1, 28, 28), (96, 28, 28), 5),
    ("conv", 1, 0, 1, (96, 28, 28), (16, 28, 28), 5),
    ("max_pool", 2, 0, 2, (16, 28, 28), (16, 14, 14), 6),
    ("conv", 3, 0, 1, (16, 14, 14), (16, 12, 12), 10),
    ("conv", 1, 0, 1, (16, 12, 12), (8, 12, 12), 10),
    ("max_pool", 2, 0, 2, (8, 12, 12), (8, 6, 6), 12),
    ("conv", 3, 0, 1, (8, 6, 6), (16, 4, 4), 20),
    ("conv", 3, 0, 1, (16, 4, 4), (10, 2, 2), 28),
    ("global_average_pool", 2, 0, 1, (10, 2, 2), (10, 1, 1), 32),
]


def test_without_the_biases_that_batch_norm_cancels_152_parameters_are_free_and_without_any_162() -> None:
    everywhere, needed, none = (total_parameters(replace(LIGHT, bias=bias)) for bias in get_args(Biases))
    assert everywhere - needed == 96 + 16 + 16 + 8 + 16
    assert needed - none == 10
    plain = replace(LIGHT, batch_norm=False, bias="needed")
    assert total_parameters(plain) == total_parameters(replace(plain, bias="all"))  # no batch norm, nothing cancelled


def test_training_takes_a_forward_pass_and_two_gradients_but_not_that_of_the_picture() -> None:
    network = NetworkConfig(layers=(conv(8, 3), conv(10, 3)))
    first, second = 9 * 1 * 8 * 26 * 26, 9 * 8 * 10 * 24 * 24
    assert training_macs(network) == 2 * first + 3 * second


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_the_table_of_the_light_steps_is_the_published_one(number: int) -> None:
    rows = layer_table(step(number).config.network)
    assert [
        (row.kind, row.kernel, row.padding, row.stride, row.input_shape, row.output_shape, row.receptive_field)
        for row in rows
    ] == PUBLISHED_ROWS
    assert [row.index for row in rows] == list(range(1, 10))


# kind, kernel, padding, stride, input shape, output shape, parameters, receptive field: as published for step 1
STEP_1_ROWS = [
    ("conv", 3, 1, 1, (1, 28, 28), (64, 28, 28), 3 * 3 * 1 * 64 + 64, 3),
    ("conv", 3, 0, 1, (64, 28, 28), (64, 26, 26), 3 * 3 * 64 * 64 + 64, 5),
    ("conv", 3, 0, 1, (64, 26, 26), (64, 24, 24), 3 * 3 * 64 * 64 + 64, 7),
    ("max_pool", 2, 0, 2, (64, 24, 24), (64, 12, 12), 0, 8),
    ("conv", 3, 0, 1, (64, 12, 12), (64, 10, 10), 3 * 3 * 64 * 64 + 64, 12),
    ("conv", 3, 0, 1, (64, 10, 10), (64, 8, 8), 3 * 3 * 64 * 64 + 64, 16),
    ("conv", 3, 0, 1, (64, 8, 8), (64, 6, 6), 3 * 3 * 64 * 64 + 64, 20),
    ("global_average_pool", 6, 0, 1, (64, 6, 6), (64, 1, 1), 0, 30),
    ("linear", 1, 0, 1, (64, 1, 1), (10, 1, 1), 64 * 10 + 10, 30),
]


def test_the_table_of_step_1_is_the_published_one() -> None:
    rows = layer_table(step(1).config.network)
    for row, expected in zip(rows, STEP_1_ROWS, strict=True):
        window = (row.kind, row.kernel, row.padding, row.stride)
        assert (*window, row.input_shape, row.output_shape, row.parameters, row.receptive_field) == expected
    assert [row.index for row in rows] == list(range(1, 10))
    assert [row.jump for row in rows] == [1, 1, 1, 2, 2, 2, 2, 2, 2]


def test_step_1_takes_54_million_multiplications_an_image_15_times_those_of_step_5() -> None:
    large, light = (sum(row.macs for row in layer_table(step(number).config.network)) for number in (1, 5))
    positions = 26 * 26 + 24 * 24 + 10 * 10 + 8 * 8 + 6 * 6
    assert large == 3 * 3 * 64 * 28 * 28 + 3 * 3 * 64 * 64 * positions + 64 * 10 == 53_978_752
    assert large / light == pytest.approx(15.6, abs=0.05)


def test_in_front_of_a_linear_layer_every_convolution_has_batch_norm_and_relu() -> None:
    rows = layer_table(NetworkConfig(layers=(conv(4, 5), max_pool(), conv(6, 3), linear()), batch_norm=True))
    assert [(row.kind, row.extras) for row in rows] == [
        ("conv", ("batch norm", "ReLU")),
        ("max_pool", ()),
        ("conv", ("batch norm", "ReLU")),
        ("global_average_pool", ()),
        ("linear", ()),
    ]


def test_the_jump_doubles_at_each_pooling() -> None:
    assert [row.jump for row in layer_table(LIGHT)] == [1, 1, 2, 2, 2, 4, 4, 4, 4]


def test_parameters_are_weights_biases_and_two_a_channel_for_batch_norm() -> None:
    assert [row.parameters for row in layer_table(LIGHT)] == [
        5 * 5 * 1 * 96 + 96 + 2 * 96,
        1 * 1 * 96 * 16 + 16 + 2 * 16,
        0,
        3 * 3 * 16 * 16 + 16 + 2 * 16,
        1 * 1 * 16 * 8 + 8 + 2 * 8,
        0,
        3 * 3 * 8 * 16 + 16 + 2 * 16,
        3 * 3 * 16 * 10 + 10,
        0,
    ]


def test_macs_are_the_multiplications_of_the_convolutions() -> None:
    assert [row.macs for row in layer_table(LIGHT)] == [
        5 * 5 * 1 * 96 * 28 * 28,
        1 * 1 * 96 * 16 * 28 * 28,
        0,
        3 * 3 * 16 * 16 * 12 * 12,
        1 * 1 * 16 * 8 * 12 * 12,
        0,
        3 * 3 * 8 * 16 * 4 * 4,
        3 * 3 * 16 * 10 * 2 * 2,
        0,
    ]


def test_a_row_says_what_follows_inside_it() -> None:
    assert [row.extras for row in layer_table(LIGHT)] == [
        ("batch norm", "ReLU"),
        ("batch norm", "ReLU"),
        ("dropout",),
        ("batch norm", "ReLU"),
        ("batch norm", "ReLU"),
        ("dropout",),
        ("batch norm", "ReLU"),
        (),
        (),
    ]
    assert [row.extras for row in layer_table(step(2).config.network)][:3] == [("ReLU",), ("ReLU",), ()]


# --- impossible networks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        (
            (conv(8, 5), max_pool(), max_pool(), max_pool(), conv(10, 5)),
            "Layer 5: its 5×5 kernel is larger than the 3×3 map it gets, so its own map would vanish.",
        ),
        (
            (conv(8, 28), conv(10, 4, padding=1)),
            "Layer 2: its 4×4 kernel is larger than the 1×1 map it gets (3×3 with padding), so its own map would",
        ),
        ((conv(10, 28), max_pool()), "Layer 2: its 2×2 kernel is larger than the 1×1 map it gets, so its own map"),
        (
            (conv(10, 3), max_pool(), conv(12, 3)),
            "Layer 3 is the last convolution and has 12 channels: it must have 10 (one score for each digit), "
            "or a linear layer must follow.",
        ),
        ((max_pool(),), "The network has no convolution: add one with 10 channels, one score for each digit."),
        ((max_pool(), linear()), "The network has no convolution: add one."),
    ],
)
def test_an_impossible_network_names_the_layer_and_the_reason(layers: tuple[LayerSpec, ...], reason: str) -> None:
    network = NetworkConfig(layers=layers)
    with pytest.raises(ImpossibleNetwork) as from_table:
        layer_table(network)
    assert str(from_table.value).startswith(reason)
    with pytest.raises(ImpossibleNetwork) as from_module:
        build_network(network, seed=1)
    assert str(from_module.value) == str(from_table.value)


def test_a_kernel_as_large_as_its_map_leaves_one_unit() -> None:
    rows = layer_table(NetworkConfig(layers=(conv(10, 28),)))
    assert [row.output_shape for row in rows] == [(10, 1, 1), (10, 1, 1)]


def test_pooling_may_follow_the_last_convolution() -> None:
    rows = layer_table(NetworkConfig(layers=(conv(10, 5), max_pool())))
    assert [row.extras for row in rows] == [(), (), ()]
    assert rows[-1].input_shape == (10, 12, 12)


def test_in_front_of_a_linear_layer_the_last_convolution_has_any_number_of_channels() -> None:
    rows = layer_table(NetworkConfig(layers=(conv(7, 5), linear())))
    assert [(row.output_shape, row.parameters) for row in rows] == [
        ((7, 24, 24), 5 * 5 * 7 + 7),
        ((7, 1, 1), 0),
        ((10, 1, 1), 7 * 10 + 10),
    ]


@given(possible_networks())
def test_the_pooling_may_change_its_place_with_the_linear_layer(network: NetworkConfig) -> None:
    last = pooled_last(network)
    assert not last.ends_linear
    assert total_parameters(last) == total_parameters(network)
    before, after = (build_network(config, seed=2).eval() for config in (network, last))
    before.load_state_dict(
        {
            name: value.view(before.state_dict()[name].shape)
            for name, value in zip(before.state_dict(), after.state_dict().values(), strict=True)
        }
    )
    images = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(before(images), after(images), rtol=1e-4, atol=1e-5)


def test_all_presets_are_possible() -> None:
    assert [len(layer_table(preset.config.network)) for preset in STEPS] == [9, 9, 9, 9, 9, 10, 10]
