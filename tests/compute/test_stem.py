"""The stem in fewer operations computes what the modules compute that it stands for."""

import copy
from dataclasses import replace
from typing import get_args

import pytest
import torch
import torch.nn.functional as F
from exact_twin import PICTURES, assert_close, clear_of_kinks, gradient, noisy_digits, with_its_exact_twin
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

from lab.compute.stem import find_patches, fold_stem, pooled_first
from lab.mnist import Mnist
from lab.network import build_network
from lab.network_config import Biases, NetworkConfig, conv, linear, max_pool
from lab.steps import step


@given(
    kernel=st.integers(1, 28),
    padding=st.integers(0, 14),
    channels=st.integers(1, 40),
    batch_norm=st.booleans(),
    bias=st.sampled_from(get_args(Biases)),
    pictures=st.sampled_from(PICTURES),
)
@example(kernel=3, padding=1, channels=11, batch_norm=True, bias="all", pictures="ink in the first pixel")
def test_maps_gradients_and_statistics_are_those_of_the_modules(
    mnist: Mnist, kernel: int, padding: int, channels: int, batch_norm: bool, bias: Biases, pictures: str
) -> None:
    layers = (conv(channels, kernel, padding=padding), conv(6, 1), conv(10, 1))
    network, exact = with_its_exact_twin(NetworkConfig(layers=layers, batch_norm=batch_norm, bias=bias))
    folded = fold_stem(network)
    assert folded is not None
    images, _ = noisy_digits(mnist, 5, pictures)
    with torch.no_grad():
        before_relu = copy.deepcopy(exact)[: 2 if batch_norm else 1](images.double())
    mine, theirs = folded[0](images), exact[: 4 if batch_norm else 3](images.double())
    assert_close(mine, theirs, max(1.0, theirs.abs().max().item()))
    undecided = (before_relu.abs() < 1e-5).any(1, keepdim=True)  # rounding alone says what ReLU lets through there
    upstream = torch.randn(mine.shape, generator=torch.Generator().manual_seed(1)).masked_fill(undecided, 0)
    mine.backward(upstream)
    theirs.backward(upstream.double())
    assert (gradient(network) - gradient(exact)).norm() <= 1e-5 * gradient(exact).norm()
    for buffer, expected in zip(network.buffers(), exact.buffers(), strict=True):
        assert_close(buffer, expected, max(1.0, expected.double().abs().max().item()))


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
def test_a_batch_of_one_image_has_the_gradient_of_the_modules(mnist: Mnist, batch_norm: bool) -> None:
    """The last batch of an epoch may be one; a ReLU behind the stem works in place."""
    layers = (conv(8, 5), conv(6, 1), conv(10, 3))
    network, exact = with_its_exact_twin(NetworkConfig(layers=layers, batch_norm=batch_norm))
    folded = fold_stem(network)
    assert folded is not None
    images, labels = noisy_digits(mnist, 1, "a black background")
    images = clear_of_kinks(exact, images)
    for one, seen in ((folded, images), (exact, images.double())):
        F.cross_entropy(one(seen), labels).backward()  # type: ignore[no-untyped-call]
    assert (gradient(network) - gradient(exact)).norm() <= 1e-5 * gradient(exact).norm()


def test_relu_behind_pooling_gives_the_same_bits(mnist: Mnist) -> None:
    images, labels = noisy_digits(mnist, 13, "a black background")
    gradients = []
    for reorder in (list[nn.Module], pooled_first):
        network = build_network(replace(step(5).config.network, dropout=0.0), seed=1)
        modules = reorder(list(network))
        F.cross_entropy(nn.Sequential(*modules)(images), labels).backward()  # type: ignore[no-untyped-call]
        gradients.append(gradient(network))
    kinds = [type(module) for module in modules]
    assert [kinds[place + 1] for place, kind in enumerate(kinds) if kind is nn.MaxPool2d] == [nn.ReLU, nn.ReLU]
    assert torch.equal(*gradients)


def test_in_evaluation_it_uses_the_statistics_of_the_run(mnist: Mnist) -> None:
    network, _ = with_its_exact_twin(replace(step(5).config.network, dropout=0.0))
    folded = fold_stem(network)
    assert folded is not None
    images, _ = noisy_digits(mnist, 20, "a black background")
    folded(images)  # moves the running statistics
    before = [buffer.clone() for buffer in network.buffers()]
    with torch.inference_mode():
        folded.eval()
        torch.testing.assert_close(folded(images[:3]), network.eval()(images[:3]), rtol=1e-4, atol=1e-5)
    assert all(torch.equal(buffer, old) for buffer, old in zip(network.buffers(), before, strict=True))


@pytest.mark.parametrize("number", range(2, 6))
def test_every_published_step_but_the_first_has_a_stem(number: int) -> None:
    network = build_network(step(number).config.network, seed=1)
    folded = fold_stem(network)
    assert folded is not None
    assert {id(parameter) for parameter in folded.parameters()} == {id(parameter) for parameter in network.parameters()}


@pytest.mark.parametrize(
    "layers",
    [
        (max_pool(), conv(10, 3)),
        (conv(10, 28),),
        (conv(8, 3), max_pool(), conv(10, 1)),
        (conv(8, 3), conv(10, 3)),
        (replace(conv(8, 3), stride=2), conv(8, 1), conv(10, 3)),
        (conv(8, 3), replace(conv(8, 1), stride=2), conv(10, 3)),
        (conv(8, 3), conv(8, 1, padding=1), conv(10, 3)),
        (conv(8, 3), linear()),
    ],
)
def test_a_network_that_begins_otherwise_has_none(layers: tuple[object, ...]) -> None:
    for batch_norm in (False, True):
        config = NetworkConfig(layers=layers, batch_norm=batch_norm)  # type: ignore[arg-type]
        assert fold_stem(build_network(config, seed=1)) is None


def test_only_patches_with_ink_are_done_one_by_one() -> None:
    images = torch.zeros(3, 1, 28, 28)
    images[1, 0, 10, 20] = 1
    patches = find_patches(images, kernel=5, padding=2)
    assert patches.ink.sum() == 25  # the positions of which the 5x5 patch holds that pixel
    assert patches.columns.shape == (26, 25 + 784)
    assert patches.ink.view(3, 28, 28)[1, 8:13, 18:23].all()
    assert nn.functional.unfold(images[1:2], 5, padding=2)[0, :, patches.places[0] - 784].equal(patches.columns[:-1, 0])
