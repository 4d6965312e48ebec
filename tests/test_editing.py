"""The editable layer table: a network to rows and back, and a sentence for each row that cannot be."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from any_config import possible_networks
from hypothesis import given

from lab.editing import COLUMNS, editable_rows, network_from_rows, with_linear_last
from lab.layers import ImpossibleNetwork
from lab.network_config import LayerSpec, NetworkConfig, conv, linear, max_pool
from lab.steps import STEPS, step

NETWORK = step(3).config.network
SCORES: dict[str, Any] = {"kind": "conv", "channels": 10, "kernel": 3, "stride": 1, "padding": 0}


def layers_of(*rows: dict[str, Any]) -> tuple[LayerSpec, ...]:
    return network_from_rows(rows, NETWORK).layers


def complaint(*rows: dict[str, Any]) -> str:
    with pytest.raises(ImpossibleNetwork) as error:
        network_from_rows(rows, NETWORK)
    return str(error.value)


def test_a_network_is_a_row_a_layer_and_pooling_has_no_channels() -> None:
    network = NetworkConfig(layers=(conv(6, 5, padding=2), max_pool(3, stride=2), conv(10, 3)))
    assert editable_rows(network) == [
        {"kind": "conv", "channels": 6, "kernel": 5, "stride": 1, "padding": 2},
        {"kind": "max_pool", "channels": None, "kernel": 3, "stride": 2, "padding": 0},
        {"kind": "conv", "channels": 10, "kernel": 3, "stride": 1, "padding": 0},
    ]
    assert all(tuple(row) == COLUMNS for row in editable_rows(network))


def test_a_linear_layer_has_its_scores_and_no_window() -> None:
    rows = editable_rows(NetworkConfig(layers=(conv(6, 5), linear())))
    assert rows[1] == {"kind": "linear", "channels": 10, "kernel": None, "stride": None, "padding": None}


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_every_steps_network_survives_the_table(number: int) -> None:
    network = step(number).config.network
    assert network_from_rows(editable_rows(network), network) == network


@given(possible_networks())
def test_every_network_that_can_be_built_survives_the_table(network: NetworkConfig) -> None:
    assert network_from_rows(editable_rows(network), network) == network


@given(possible_networks())
def test_every_network_survives_a_data_frame_which_turns_its_numbers_into_floats(network: NetworkConfig) -> None:
    frame = pd.DataFrame(editable_rows(network), columns=list(COLUMNS)).astype({"channels": float})
    rows = [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]
    assert network_from_rows(rows, network) == network


def test_batch_norm_and_dropout_are_not_the_tables_and_stay() -> None:
    changed = network_from_rows([SCORES], replace(NETWORK, batch_norm=True, dropout=0.3))
    assert (changed.batch_norm, changed.dropout) == (True, 0.3)


@pytest.mark.parametrize("empty", [None, "", math.nan, np.float64("nan")])
def test_empty_cells_take_the_usual_value_of_their_kind(empty: Any) -> None:
    first = {"kind": empty, "channels": 4, "kernel": 5, "stride": empty, "padding": empty}
    pool = {"kind": "max_pool", "channels": empty, "kernel": 3, "stride": empty, "padding": empty}
    assert layers_of(first, pool, SCORES) == (
        conv(4, 5, padding=0, stride=1),
        max_pool(3, stride=3),
        conv(10, 3),
    )


def test_a_missing_column_is_an_empty_cell() -> None:
    assert layers_of({"kind": "max_pool", "kernel": 2}, {"channels": 10, "kernel": 3}) == (max_pool(2), conv(10, 3))


def test_channels_typed_into_a_pooling_row_are_ignored() -> None:
    assert layers_of({"kind": "max_pool", "kernel": 2, "channels": 7}, SCORES)[0] == max_pool(2)


def test_a_convolution_that_is_made_linear_loses_its_window_and_makes_the_class_scores() -> None:
    assert layers_of(SCORES, SCORES | {"kind": "linear"})[1] == linear()
    assert layers_of(SCORES, {"kind": "linear"})[1] == linear()


@pytest.mark.parametrize("three", [3, 3.0, np.int64(3), np.float64(3)])
def test_whole_numbers_of_any_type_become_plain_ints(three: Any) -> None:
    (layer,) = layers_of(SCORES | {"kernel": three})
    assert layer.kernel == 3
    assert type(layer.kernel) is int


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kernel": None}, "the kernel is empty"),
        ({"kernel": 0}, "kernel is 0; it must be a whole number from 1 to 28"),
        ({"kernel": 2.5}, "kernel is 2.5; it must be a whole number"),
        ({"stride": 0}, "stride is 0"),
        ({"padding": -1}, "padding is -1"),
        ({"padding": 15}, "padding is 15"),
        ({"channels": None}, "a convolution needs channels"),
        ({"channels": 0}, "a convolution needs channels"),
        ({"channels": 1025}, "channels is 1025"),
        ({"kind": "recurrent"}, "kind is 'recurrent'; it must be one of conv, max_pool, average_pool, linear"),
        ({"kernel": "three"}, "kernel is 'three'"),
    ],
)
def test_a_cell_that_cannot_be_names_its_layer_and_the_reason(change: dict[str, Any], words: str) -> None:
    sentence = complaint(SCORES, SCORES | change)
    assert sentence.startswith("Layer 2: ")
    assert words in sentence


def test_padding_of_more_than_half_a_pooling_kernel_is_refused() -> None:
    assert complaint({"kind": "max_pool", "kernel": 3, "padding": 2}, SCORES).startswith("Layer 1: padding is 2")


def test_a_kernel_larger_than_its_map_names_the_layer_and_the_map() -> None:
    sentence = complaint({"kind": "max_pool", "kernel": 14}, SCORES)  # 28 -> 2, then a 3x3 kernel
    assert sentence.startswith("Layer 2: its 3×3 kernel is larger than the 2×2 map")


def test_a_last_convolution_without_ten_channels_names_the_layer() -> None:
    assert complaint(SCORES, SCORES | {"channels": 12}).startswith("Layer 2 is the last convolution and has 12")


def test_a_linear_layer_elsewhere_or_of_other_scores_is_refused_in_a_sentence() -> None:
    last = {"kind": "linear"}
    assert complaint(SCORES, last, SCORES).startswith(
        "Layer 2 is linear but not the last: a network can have one linear"
    )
    assert complaint(SCORES, last, last).startswith("Layer 2 is linear but not the last: a network can have one linear")
    assert complaint(SCORES, last | {"channels": 12}).startswith("Layer 2: channels is 12; a linear layer makes the")
    assert complaint(SCORES, last | {"channels": "ten"}).startswith("Layer 2: channels is 'ten'; it must be a whole")
    assert complaint({"kind": "max_pool", "kernel": 2}, last) == "The network has no convolution: add one."


def test_what_is_appended_behind_a_linear_layer_stands_before_it() -> None:
    last, new = {"kind": "linear", "channels": 10, "kernel": None, "stride": None, "padding": None}, SCORES
    before = [SCORES | {"channels": 12}, last]
    assert with_linear_last([*before, new, new], before) == [before[0], new, new, last]
    assert with_linear_last([before[0], last], [before[0]]) == [before[0], last]  # the linear layer itself is appended
    assert with_linear_last([before[0]], before) == [before[0]]
    assert with_linear_last([last, before[0], new], before) == [last, before[0], new]  # nothing but appending is read
    assert with_linear_last([SCORES, new], [SCORES]) == [SCORES, new]


def test_a_network_of_poolings_or_of_nothing_or_of_too_much_is_refused_in_a_sentence() -> None:
    assert complaint({"kind": "max_pool", "kernel": 2}).startswith("The network has no convolution")
    assert complaint().startswith("The network has 0 layers; it must have 1 to 40")
    assert complaint(*[SCORES | {"kernel": 1}] * 41).startswith("The network has 41 layers")
