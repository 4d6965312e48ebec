"""What each layer makes of a digit: what the modules themselves make of it, a row of the layer table each."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from examples import TINY_NETWORK

from lab.layers import layer_table
from lab.mnist import Mnist
from lab.network import build_network
from lab.network_config import NetworkConfig, conv, linear, max_pool
from lab.predict import Predictor, load_predictor
from lab.probe import layer_maps
from lab.steps import step

NETWORKS = {
    "plain, with a linear layer": NetworkConfig(layers=(conv(4, 3), max_pool(), conv(5, 3), linear())),
    "batch norm and dropout": replace(TINY_NETWORK, dropout=0.5),
    "no bias": replace(TINY_NETWORK, bias="none"),
    "step 5": step(5).config.network,
}


def digit(mnist: Mnist, number: int = 0) -> np.ndarray:
    return mnist.test_images[number, 0].numpy() / 255


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_has_maps_of_the_shape_that_the_layer_table_says(mnist: Mnist, name: str) -> None:
    config = NETWORKS[name]
    found = layer_maps(Predictor(build_network(config, seed=1), config, "untrained"), digit(mnist))
    rows = layer_table(config)
    assert [layer.row for layer in found] == rows
    assert [layer.maps.shape for layer in found] == [row.output_shape for row in rows]
    assert [layer.inputs.shape for layer in found] == [row.input_shape for row in rows]
    for below, layer in pairwise(found):
        assert np.array_equal(below.maps, layer.inputs)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_last_maps_are_the_class_scores_that_the_predictor_turns_into_probabilities(
    mnist: Mnist, name: str
) -> None:
    config = NETWORKS[name]
    predictor = Predictor(build_network(config, seed=1).eval(), config, "untrained")
    scores = torch.as_tensor(layer_maps(predictor, digit(mnist))[-1].maps.ravel())
    assert torch.softmax(scores, 0).numpy() == pytest.approx(predictor(digit(mnist)), abs=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_in_float32_the_maps_are_the_same_to_five_places(mnist: Mnist, name: str) -> None:
    predictor = Predictor(build_network(NETWORKS[name], seed=1).eval(), NETWORKS[name], "untrained")
    exact, quick = (layer_maps(predictor, digit(mnist), exact=exact) for exact in (True, False))
    for one, other in zip(exact, quick, strict=True):
        assert other.row == one.row
        np.testing.assert_allclose(other.maps, one.maps, rtol=0, atol=1e-5 * max(1.0, one.largest))
        np.testing.assert_allclose(other.inputs, one.inputs, rtol=0, atol=1e-5 * max(1.0, np.abs(one.inputs).max()))


@pytest.mark.parametrize("exact", [True, False])
def test_the_network_is_left_as_it_was(mnist: Mnist, exact: bool) -> None:
    predictor = load_predictor()
    before = predictor(digit(mnist))
    layer_maps(predictor, digit(mnist), exact)
    assert all(parameter.dtype == torch.float32 for parameter in predictor.network.parameters())
    assert np.array_equal(predictor(digit(mnist)), before)


def test_after_relu_nothing_is_below_0_and_the_scores_may_be(mnist: Mnist) -> None:
    found = layer_maps(load_predictor(), digit(mnist))
    assert all((layer.maps >= 0).all() for layer in found if "ReLU" in layer.row.extras)
    assert (found[-1].maps < 0).any()


def test_only_convolutions_have_kernels(mnist: Mnist) -> None:
    for layer in layer_maps(load_predictor(), digit(mnist)):
        row = layer.row
        if row.kind == "conv":
            assert layer.kernels is not None
            assert layer.kernels.shape == (row.output_shape[0], row.input_shape[0], row.kernel, row.kernel)
        else:
            assert layer.kernels is None


def test_the_strongest_value_is_where_it_is_said_to_be(mnist: Mnist) -> None:
    for layer in layer_maps(load_predictor(), digit(mnist)):
        assert abs(layer.maps[layer.strongest()]) == np.abs(layer.maps).max()


def test_another_shape_is_refused(mnist: Mnist) -> None:
    with pytest.raises(ValueError, match=r"must be \(28, 28\)"):
        layer_maps(load_predictor(), np.zeros((2, 28, 28)))
