"""The layer table against the published one, against the real module, and against gradients."""

from dataclasses import replace
from typing import get_args

import pytest
import torch
from examples import possible_networks
from hypothesis import given, settings
from torch import Tensor, nn

from lab.layers import (
    ImpossibleNetwork,
    LayerRow,
    Square,
    layer_table,
    pooled_last,
    receptive_square,
    sees_only_padding,
    total_parameters,
    training_macs,
)
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


def test_the_receptive_field_is_clipped_to_the_28_pixels_of_the_image() -> None:
    assert [row.clipped_receptive_field for row in layer_table(LIGHT)] == [5, 5, 6, 10, 10, 12, 20, 28, 28]


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


# --- against the real module -------------------------------------------------------------------------------------


def stages(network: NetworkConfig) -> list[nn.Sequential]:
    """The built module cut into what each row of the table stands for; a linear layer gives a map of one unit."""
    found: list[list[nn.Module]] = []
    for module in build_network(network, seed=1):
        if isinstance(module, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)):
            found.append([])
        if isinstance(module, nn.Linear):
            found.append([nn.Flatten(), module, nn.Unflatten(1, (10, 1, 1))])
        elif not isinstance(module, nn.Flatten):
            found[-1].append(module)
    return [nn.Sequential(*modules) for modules in found]


@given(possible_networks())
def test_shapes_and_parameters_are_those_of_the_real_module(network: NetworkConfig) -> None:
    rows, maps = layer_table(network), torch.zeros(2, 1, 28, 28)
    for row, stage in zip(rows, stages(network), strict=True):
        assert tuple(maps.shape[1:]) == row.input_shape
        maps = stage.eval()(maps)
        assert tuple(maps.shape[1:]) == row.output_shape
        assert sum(tensor.numel() for tensor in stage.parameters()) == row.parameters
    assert total_parameters(network) == sum(tensor.numel() for tensor in build_network(network, 1).parameters())


# --- the receptive field, proved by gradients --------------------------------------------------------------------


def positive_stages(network: NetworkConfig) -> list[nn.Sequential]:
    """The built stages with positive weights and average in place of max pooling: nothing can cancel or be hidden."""
    copies = []
    for stage in stages(replace(network, batch_norm=False, dropout=0.0)):
        modules: list[nn.Module] = []
        for module in stage:
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.constant_(module.weight, 1 / module.weight[0].numel())
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.MaxPool2d):
                module = nn.AvgPool2d(module.kernel_size, module.stride, module.padding)
            modules.append(module)
        copies.append(nn.Sequential(*modules))
    return copies


def pixels_with_gradient(stages_below: nn.Sequential, positions: list[tuple[int, int]]) -> Tensor:
    """(N, 28, 28): for each position, the pixels on which the unit there depends, as the gradient tells."""
    found = []
    for part in torch.tensor(positions).split(64):  # type: ignore[no-untyped-call]
        images = torch.ones(len(part), 1, 28, 28, requires_grad=True)
        maps = stages_below(images)  # one image a unit
        maps[torch.arange(len(part)), 0, part[:, 0], part[:, 1]].sum().backward()
        assert images.grad is not None
        found.append(images.grad[:, 0] != 0)
    return torch.cat(found)


def filled(square: Square) -> Tensor:
    pixels = torch.zeros(28, 28, dtype=torch.bool)
    pixels[square.top : square.bottom, square.left : square.right] = True
    return pixels


def all_positions(row: LayerRow) -> list[tuple[int, int]]:
    _, height, width = row.output_shape
    return [(unit_row, unit_column) for unit_row in range(height) for unit_column in range(width)]


@pytest.mark.parametrize("index", range(1, 10))
def test_every_unit_of_the_presets_sees_exactly_its_square(index: int) -> None:
    row = layer_table(LIGHT)[index - 1]
    positions = all_positions(row)
    found = pixels_with_gradient(nn.Sequential(*positive_stages(LIGHT)[:index]), positions)
    for position, pixels in zip(positions, found, strict=True):
        assert torch.equal(pixels, filled(receptive_square(row, *position))), position


def corners_and_middle(row: LayerRow) -> list[tuple[int, int]]:
    last = row.output_shape[1] - 1
    return [(0, 0), (0, last), (last, 0), (last, last), (last // 2, last // 3), (last // 3, last)]


@given(possible_networks(without_holes=True))
@settings(max_examples=60)
def test_a_unit_of_any_network_without_holes_sees_exactly_its_square(network: NetworkConfig) -> None:
    copies = positive_stages(network)
    for row in layer_table(network):
        positions = corners_and_middle(row)
        found = pixels_with_gradient(nn.Sequential(*copies[: row.index]), positions)
        for position, pixels in zip(positions, found, strict=True):
            assert torch.equal(pixels, filled(receptive_square(row, *position))), (row.index, position)


@given(possible_networks())
def test_no_unit_of_any_network_sees_a_pixel_outside_its_square(network: NetworkConfig) -> None:
    copies = positive_stages(network)
    for row in layer_table(network):
        positions = corners_and_middle(row)
        found = pixels_with_gradient(nn.Sequential(*copies[: row.index]), positions)
        for position, pixels in zip(positions, found, strict=True):
            square = receptive_square(row, *position)
            assert not (pixels & ~filled(square)).any(), (row.index, position)
            assert 0 <= square.top <= square.bottom <= 28
            assert 0 <= square.left <= square.right <= 28


def test_a_stride_wider_than_its_kernel_leaves_holes_inside_the_square() -> None:
    network = NetworkConfig(layers=(conv(2, 1, stride=3), conv(10, 2)))
    row = layer_table(network)[1]
    assert (row.receptive_field, row.jump) == (1 + (2 - 1) * 3, 3)
    assert receptive_square(row, 2, 2) == Square(top=6, left=6, bottom=10, right=10)
    seen = pixels_with_gradient(nn.Sequential(*positive_stages(network)[:2]), [(2, 2)])[0]
    assert seen.nonzero().tolist() == [[6, 6], [6, 9], [9, 6], [9, 9]]  # the corners of the square only


def test_a_unit_in_the_middle_sees_a_square_of_the_receptive_field_around_its_centre() -> None:
    row = layer_table(LIGHT)[3]  # conv 3x3 after the first pooling: 10 pixels wide, 2 apart
    assert receptive_square(row, 5, 6) == Square(top=5 * 2 - 2, left=6 * 2 - 2, bottom=5 * 2 + 8, right=6 * 2 + 8)


def test_a_unit_at_the_edge_sees_what_is_left_of_its_square_inside_the_image() -> None:
    first = layer_table(LIGHT)[0]  # 5x5 with padding 2
    assert receptive_square(first, 0, 27) == Square(top=0, left=25, bottom=3, right=28)


def test_a_unit_that_sees_only_padding_has_an_empty_square() -> None:
    row = layer_table(NetworkConfig(layers=(conv(10, 1, padding=2),)))[0]
    assert row.output_shape == (10, 32, 32)
    for unit in (0, 31):
        square = receptive_square(row, unit, 16)
        assert square.top == square.bottom
    assert receptive_square(row, 2, 16) == Square(top=0, left=14, bottom=1, right=15)


def test_a_unit_whose_window_lies_in_the_padding_sees_nothing_whatever_its_square() -> None:
    """A 5x5 convolution, then a 1x1 one with a row and a column of padding on each side."""
    network = NetworkConfig(layers=(conv(2, 5), conv(10, 1, padding=1)))
    row = layer_table(network)[1]
    seen = pixels_with_gradient(nn.Sequential(*positive_stages(network)[:2]), corners_and_middle(row))
    for position, pixels in zip(corners_and_middle(row), seen, strict=True):
        assert sees_only_padding(row, *position) == (not pixels.any()), position
    alone = layer_table(NetworkConfig(layers=(conv(10, 1, padding=2),)))[0]
    assert [sees_only_padding(alone, unit, 16) for unit in (1, 2, 29, 30)] == [True, False, False, True]


def test_a_column_that_a_stride_leaves_out_is_not_seen_through_later_padding() -> None:
    network = NetworkConfig(layers=(conv(2, 3, stride=2), conv(10, 3, padding=1)))
    first, second, _ = layer_table(network)
    assert first.output_shape == (2, 13, 13)  # (28 - 3) // 2 + 1: its last unit ends at pixel 12 * 2 + 2 = 26
    assert receptive_square(second, 12, 12) == Square(top=22, left=22, bottom=27, right=27)


@pytest.mark.parametrize("unit", [(-1, 0), (0, 12), (12, 0)])
def test_a_unit_outside_its_map_is_refused(unit: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"lies outside the 12×12 map of layer 4"):
        receptive_square(layer_table(LIGHT)[3], *unit)


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


def test_a_linear_layer_sees_what_the_global_average_pooling_sees() -> None:
    pooling, scores = layer_table(step(1).config.network)[-2:]
    assert receptive_square(pooling, 0, 0) == receptive_square(scores, 0, 0) == Square(0, 0, 28, 28)
    assert (scores.receptive_field, scores.clipped_receptive_field) == (30, 28)  # one pixel of padding on each side


def test_all_presets_are_possible() -> None:
    assert [len(layer_table(preset.config.network)) for preset in STEPS] == [9, 9, 9, 9, 9, 10, 10]
