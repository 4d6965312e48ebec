"""A row of the table against the real module: its shapes and parameters, and by gradients what each unit sees."""

from dataclasses import replace

import pytest
import torch
from any_config import possible_networks
from hypothesis import given, settings
from torch import Tensor, nn

from lab.layer_row import LayerRow, Square, receptive_square, sees_only_padding
from lab.layers import layer_table, total_parameters
from lab.network import build_network
from lab.network_config import NetworkConfig, conv
from lab.steps import step

LIGHT = step(3).config.network


def test_the_receptive_field_is_clipped_to_the_28_pixels_of_the_image() -> None:
    assert [row.clipped_receptive_field for row in layer_table(LIGHT)] == [5, 5, 6, 10, 10, 12, 20, 28, 28]


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


def test_a_unit_sees_nothing_either_whose_window_lies_in_what_saw_only_padding() -> None:
    """Above, below or on either side of the image is enough."""
    above = layer_table(NetworkConfig(layers=(conv(2, 1, padding=2), conv(10, 1))))[1]
    units = [(1, 16), (16, 1), (30, 16), (16, 30), (16, 16)]
    assert [sees_only_padding(above, *unit) for unit in units] == [True, True, True, True, False]


def test_a_column_that_a_stride_leaves_out_is_not_seen_through_later_padding() -> None:
    network = NetworkConfig(layers=(conv(2, 3, stride=2), conv(10, 3, padding=1)))
    first, second, _ = layer_table(network)
    assert first.output_shape == (2, 13, 13)  # (28 - 3) // 2 + 1: its last unit ends at pixel 12 * 2 + 2 = 26
    assert receptive_square(second, 12, 12) == Square(top=22, left=22, bottom=27, right=27)


@pytest.mark.parametrize("unit", [(-1, 0), (0, 12), (12, 0)])
def test_a_unit_outside_its_map_is_refused(unit: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"lies outside the 12×12 map of layer 4"):
        receptive_square(layer_table(LIGHT)[3], *unit)


def test_a_linear_layer_sees_what_the_global_average_pooling_sees() -> None:
    pooling, scores = layer_table(step(1).config.network)[-2:]
    assert receptive_square(pooling, 0, 0) == receptive_square(scores, 0, 0) == Square(0, 0, 28, 28)
    assert (scores.receptive_field, scores.clipped_receptive_field) == (30, 28)  # one pixel of padding on each side
