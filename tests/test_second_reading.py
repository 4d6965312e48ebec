"""An image that is read twice has the mean of two scores, in evaluation mode only and on every path."""

from dataclasses import replace

import pytest
import torch
from examples import tiny_run
from torch import Tensor

from lab.compute import read_scores
from lab.compute.engines import PyTorch, make_engine
from lab.mnist import BLACK, Mnist, normalize, to_unit
from lab.network import TwoReadings, build_network, with_weights
from lab.network_config import NetworkConfig, conv, max_pool
from lab.second_reading import mean_scores, moved_left

ONE = NetworkConfig(layers=(conv(30, 3, padding=1), conv(4, 1), max_pool(), conv(10, 5)), batch_norm=True)
TWO = replace(ONE, second_reading=True)
SMALL = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 1, 2, 2)


def test_the_second_reading_is_the_image_moved_to_the_left() -> None:
    assert moved_left(SMALL, black=-1).tolist() == [[[[2, -1], [4, -1]]]]


def test_the_scores_are_the_mean_of_the_two() -> None:
    """A 'network' that says how much ink stands in the left column: 1 + 3, and moved 2 + 4; the mean is 5."""
    scores = mean_scores(lambda some: some[:, 0, :, :1].sum(1), SMALL, black=0)
    assert scores.tolist() == [[5]]


def test_what_comes_in_at_the_side_is_black_as_the_network_sees_it() -> None:
    blank = normalize(torch.zeros(1, 1, 28, 28))
    assert torch.allclose(moved_left(blank, BLACK), blank)


def expected(network: torch.nn.Sequential, images: Tensor) -> Tensor:
    layers, seen = torch.nn.Sequential(*network).eval(), normalize(to_unit(images))
    with torch.inference_mode():
        mean: Tensor = (layers(seen) + layers(moved_left(seen, BLACK))) / 2
    return mean


@pytest.mark.parametrize("engine", ["compiled", "folded", "PyTorch"])
@pytest.mark.parametrize("images", [3, 60])
def test_every_engine_reads_twice(mnist: Mnist, engine: str, images: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if engine == "folded":
        monkeypatch.setattr("lab.compute.native.engine.fits", lambda network: False)
    config = tiny_run(network=TWO, engine="pytorch" if engine == "PyTorch" else "fastest", batch_size=20)
    network = build_network(TWO, seed=3)
    made = make_engine(config, network, "cpu", torch.Generator())
    try:
        assert made.name == engine
        scores = made.scores(normalize(to_unit(mnist.test_images[:images])))
    finally:
        made.close()
    assert torch.allclose(scores, expected(network, mnist.test_images[:images]), atol=1e-4)


def test_whoever_reads_many_images_or_has_other_weights_reads_twice_as_well(mnist: Mnist) -> None:
    network, others = build_network(TWO, seed=3), build_network(TWO, seed=4)
    images = mnist.test_images[:60]
    assert torch.allclose(read_scores(TWO, network, images), expected(network, images), atol=1e-4)
    filled = with_weights(network.eval(), others.state_dict())
    assert isinstance(filled, TwoReadings)
    with torch.inference_mode():
        assert torch.allclose(filled(normalize(to_unit(images))), expected(others, images), atol=1e-5)


def test_training_reads_each_image_once(mnist: Mnist) -> None:
    images, labels = normalize(to_unit(mnist.train_images[:32])), mnist.train_labels[:32]
    found = []
    for config in (ONE, TWO):
        network = build_network(config, seed=3)
        loss, _ = PyTorch(tiny_run(network=config), network, "cpu", torch.Generator()).gradient(images, labels)
        found.append([loss, *(weight.grad for weight in network.parameters())])
    assert all(torch.equal(one, two) for one, two in zip(*found, strict=True))


def test_the_readings_differ_because_a_halved_map_pairs_its_columns_in_two_ways(mnist: Mnist) -> None:
    """Moved by two columns they are paired as before, and the map is the same one, moved by a column."""
    halved = torch.nn.MaxPool2d(2)
    images = to_unit(mnist.test_images[:5])
    once = moved_left(images, 0)
    twice = moved_left(once, 0)
    assert torch.equal(halved(twice), moved_left(halved(images), 0))
    assert not torch.equal(halved(once)[..., :-1], halved(images)[..., :-1])
