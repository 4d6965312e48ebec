"""The sum behind a value: it is the value, for every kind of layer, and what is shown of it adds up as shown."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from examples import TINY_NETWORK
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lab.mnist import Mnist
from lab.network import build_network
from lab.network_config import LayerSpec, NetworkConfig, conv, linear, max_pool
from lab.predict import Predictor
from lab.probe import LayerMaps, adding_up, layer_maps, number, sum_of
from lab.probe.sums import signed
from lab.steps import step

AVERAGE = LayerSpec(kind="average_pool", kernel=3, stride=2, padding=1)
PADDED = LayerSpec(kind="max_pool", kernel=3, stride=2, padding=1)
NETWORKS = {
    "padding and strides": NetworkConfig(layers=(conv(4, 5, padding=2, stride=2), AVERAGE, PADDED, conv(10, 3))),
    "a linear layer": NetworkConfig(layers=(conv(4, 3), max_pool(), linear())),
    "no bias": replace(TINY_NETWORK, bias="none"),
    "step 5": step(5).config.network,
}


def layers(mnist: Mnist, config: NetworkConfig) -> list[LayerMaps]:
    """Of a network whose batch norm has statistics and scales of its own, with a real digit."""
    network, generator = build_network(config, seed=1), torch.Generator().manual_seed(2)
    for module in network:
        if isinstance(module, torch.nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            for values in (module.running_mean, module.running_var, module.weight.data, module.bias.data):
                values.uniform_(0.2, 1.5, generator=generator)
    return layer_maps(Predictor(network, config, "made up"), mnist.test_images[0, 0].numpy() / 255)


def places(layer: LayerMaps) -> list[tuple[int, int, int]]:
    """The corners, the middle, and the strongest value."""
    maps, height, width = layer.maps.shape
    corners = [(0, 0, 0), (maps - 1, height - 1, width - 1), (0, 0, width - 1), (maps // 2, height // 2, width // 2)]
    return [*corners, layer.strongest()]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_sum_is_the_value_of_the_map_to_twelve_places(mnist: Mnist, name: str) -> None:
    for layer in layers(mnist, NETWORKS[name]):
        for place in places(layer):
            found = sum_of(layer, place)
            assert found.value == pytest.approx(layer.maps[place], rel=1e-11, abs=1e-12)
            added = math.fsum(term.total for term in found.terms) + (found.bias or 0)
            assert found.added == pytest.approx(added, abs=1e-12)
            assert found.value == (found.steps[-1].value if found.steps else found.added)


def test_a_convolution_has_a_term_an_input_map_and_says_bias_batch_norm_and_relu_in_order(mnist: Mnist) -> None:
    first, *_, pooling, _ = layers(mnist, NETWORKS["step 5"])
    found = sum_of(first, (3, 10, 12))
    (term,) = found.terms
    assert term.weights is not None and first.kernels is not None
    assert np.array_equal(term.weights, first.kernels[3, 0])
    assert np.array_equal(term.window, first.inputs[0, 8:13, 10:15])  # 5x5 with padding 2: from row 10 - 2
    assert term.total == pytest.approx((term.window * term.weights).sum())
    assert found.bias == pytest.approx(first.modules[0].bias[3].item())  # type: ignore[index]
    assert [part.name for part in found.steps] == ["batch norm", "ReLU"]
    assert [len(sum_of(layer, (0, 0, 0)).terms) for layer in (pooling,)] == [pooling.inputs.shape[0]]


def test_what_lies_outside_of_the_image_is_0_and_to_max_pooling_nothing(mnist: Mnist) -> None:
    first, _, pooling, *_ = layers(mnist, NETWORKS["padding and strides"])
    corner = sum_of(first, (0, 0, 0)).terms[0].window
    assert (corner[:2] == 0).all() and (corner[:, :2] == 0).all()
    largest = sum_of(pooling, (1, 0, 0))
    assert np.isnan(largest.terms[0].window[0]).all()
    assert largest.value == np.nanmax(largest.terms[0].window)


def test_the_mean_of_a_map_is_its_sum_divided_by_the_number_of_its_values(mnist: Mnist) -> None:
    last = layers(mnist, NETWORKS["step 5"])[-1]
    found = sum_of(last, (7, 0, 0))
    (term,) = found.terms
    assert (term.channel, term.weights, term.window.shape) == (7, None, (2, 2))
    assert found.value == pytest.approx(term.window.sum() / (2 * 2))


def test_the_arithmetic_of_batch_norm_can_be_done_by_hand(mnist: Mnist) -> None:
    for layer in layers(mnist, NETWORKS["step 5"]):
        for place in places(layer):
            for norm in (part for part in sum_of(layer, place).steps if part.name == "batch norm"):
                value, mean, spread, scale, shift = told(norm.arithmetic)
                by_hand = (value + mean) / spread * scale + shift
                assert by_hand == pytest.approx(norm.value, abs=UNIT / 2)


def test_the_mean_of_a_window_can_be_done_by_hand(mnist: Mnist) -> None:
    for layer in (layers(mnist, NETWORKS["padding and strides"])[1], layers(mnist, NETWORKS["step 5"])[-1]):
        for place in places(layer):
            (mean,) = sum_of(layer, place).steps
            (value,), count = told(mean.arithmetic), int(re.findall(r"÷ (\d+),", mean.arithmetic)[0])
            assert value / count == pytest.approx(mean.value, abs=UNIT / 100)


UNIT = 0.001
"""The last decimal of a value that is shown."""


def told(arithmetic: str) -> list[float]:
    """The numbers with decimals in it."""
    numbers = re.findall(r"([+−]?) ?(\d[\d,]*\.\d+)", arithmetic)
    return [float(digits.replace(",", "")) * (-1 if sign == "−" else 1) for sign, digits in numbers]


def test_a_value_that_there_is_not_is_refused(mnist: Mnist) -> None:
    first = layers(mnist, NETWORKS["step 5"])[0]
    for place in ((96, 0, 0), (0, 28, 0), (0, 0, -1)):
        with pytest.raises(ValueError, match="Layer 1 has no value at"):
            sum_of(first, place)


# --- as it is shown ----------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=40))
def test_what_is_shown_adds_up_to_the_total_that_is_shown_and_is_off_by_less_than_a_unit(values: list[float]) -> None:
    total = math.fsum(values)
    shown = adding_up(np.array(values), total)
    assert sum(round(1000 * value) for value in shown) == round(1000 * total)
    assert np.abs(shown - values).max() <= 0.001 + 1e-9


def test_what_is_nearest_to_the_next_unit_is_rounded_up_first() -> None:
    assert adding_up(np.array([0.0002, 0.0009, 0.0004]), 0.001).tolist() == [0.0, 0.001, 0.0]
    assert adding_up(np.array([0.0002, 0.0009, 0.0004]), 0.002).tolist() == [0.0, 0.001, 0.001]


def test_products_add_up_to_a_share_that_was_itself_rounded_the_other_way() -> None:
    products: NDArray[np.float64] = np.array([[0.0004, 0.0004], [-0.2, 0.0004]])
    for total in (-0.199, -0.198):
        assert round(adding_up(products, total).sum(), 9) == total


@pytest.mark.parametrize(("value", "words"), [(1.23456, "1.235"), (-0.5, "−0.500"), (-0.0001, "0.000"), (0, "0.000")])
def test_numbers_are_written_with_three_decimals_and_a_true_minus(value: float, words: str) -> None:
    assert number(value) == words


@pytest.mark.parametrize(("value", "words"), [(0.5, "+ 0.500"), (-0.5, "− 0.500"), (-0.0001, "+ 0.000")])
def test_what_is_added_has_the_sign_of_what_is_shown_of_it(value: float, words: str) -> None:
    assert signed(value) == words
