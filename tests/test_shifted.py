"""An image that is read five times has the mean of five scores, in evaluation mode only and on every path."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from examples import tiny_run
from torch import Tensor

from lab.compute import read_scores
from lab.compute.engines import PyTorch, make_engine
from lab.config import NetworkConfig, conv, max_pool
from lab.mnist import BLACK, Mnist, normalize, to_unit
from lab.network import FiveReadings, build_network, with_weights
from lab.shifted import FEW, mean_scores, shifted

ONE = NetworkConfig(layers=(conv(16, 5, padding=2), conv(4, 1), max_pool(), conv(10, 5)), batch_norm=True)
FIVE = replace(ONE, readings="five")


def test_the_readings_are_the_image_and_the_image_moved_to_each_side() -> None:
    image = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 1, 2, 2)
    as_it_is, right, left, down, up = (reading.view(2, 2).tolist() for reading in shifted(image, black=0))
    assert as_it_is == [[1, 2], [3, 4]]
    assert right == [[0, 1], [0, 3]]
    assert left == [[2, 0], [4, 0]]
    assert down == [[0, 0], [1, 2]]
    assert up == [[3, 4], [0, 0]]


@pytest.mark.parametrize("images", [1, FEW, FEW + 1])
def test_the_scores_are_the_mean_of_the_five(images: int) -> None:
    """A 'network' that says how much ink stands in the left column: 1 + 3, 0, 2 + 4, 0 + 1 and 3 + 0; mean 14 / 5."""
    batch = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 1, 2, 2).repeat(images, 1, 1, 1)
    scores = mean_scores(lambda some: some[:, 0, :, :1].sum(1), batch, black=0)
    assert torch.allclose(scores, torch.full((images, 1), 14 / 5))


def test_what_comes_in_at_the_side_is_black_as_the_network_sees_it() -> None:
    blank = normalize(torch.zeros(1, 1, 28, 28))
    assert all(torch.allclose(reading, blank) for reading in shifted(blank, BLACK))


def expected(network: torch.nn.Sequential, images: Tensor) -> Tensor:
    layers = torch.nn.Sequential(*network).eval()
    with torch.inference_mode():
        return torch.stack([layers(reading) for reading in shifted(normalize(to_unit(images)), BLACK)]).mean(0)


@pytest.mark.parametrize("engine", ["compiled", "folded", "PyTorch"])
@pytest.mark.parametrize("images", [3, 60])
def test_every_engine_reads_five_times(mnist: Mnist, engine: str, images: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if engine == "folded":
        monkeypatch.setattr("lab.compute.native.engine.fits", lambda network: False)
    config = tiny_run(network=FIVE, engine="pytorch" if engine == "PyTorch" else "fastest", batch_size=20)
    network = build_network(FIVE, seed=3)
    made = make_engine(config, network, "cpu", torch.Generator())
    try:
        assert made.name == engine
        scores = made.scores(to_unit(mnist.test_images[:images]))
    finally:
        made.close()
    assert torch.allclose(scores, expected(network, mnist.test_images[:images]), atol=1e-4)


def test_whoever_reads_many_images_or_has_other_weights_reads_five_times_as_well(mnist: Mnist) -> None:
    network, others = build_network(FIVE, seed=3), build_network(FIVE, seed=4)
    images = mnist.test_images[:60]
    assert torch.allclose(read_scores(FIVE, network, images), expected(network, images), atol=1e-4)
    filled = with_weights(network.eval(), others.state_dict())
    assert isinstance(filled, FiveReadings)
    with torch.inference_mode():
        assert torch.allclose(filled(normalize(to_unit(images))), expected(others, images), atol=1e-5)


def test_training_reads_each_image_once(mnist: Mnist) -> None:
    images, labels = to_unit(mnist.train_images[:32]), mnist.train_labels[:32]
    found = []
    for config in (ONE, FIVE):
        network = build_network(config, seed=3)
        loss, _ = PyTorch(tiny_run(network=config), network, "cpu", torch.Generator()).gradient(images, labels)
        found.append([loss, *(weight.grad for weight in network.parameters())])
    assert all(torch.equal(one, five) for one, five in zip(*found, strict=True))


def test_the_five_readings_differ_where_a_halved_map_pairs_other_pixels(mnist: Mnist) -> None:
    network = build_network(ONE, seed=3).eval()
    with torch.inference_mode():
        scores = [network(reading) for reading in shifted(normalize(to_unit(mnist.test_images[:5])), BLACK)]
    assert all(not torch.allclose(one, other, atol=1e-4) for one, other in pairwise(scores))
