"""The compiled engine computes what PyTorch's modules compute: every score, loss, gradient and statistic."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from any_config import possible_networks
from engines import AVERAGE, NETWORKS, pair
from exact_twin import (
    PICTURES,
    assert_same_gradients_and_statistics,
    clear_of_kinks,
    gradient,
    noisy_digits,
)
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor, nn

from lab.compute.native.build import library
from lab.compute.native.engine import Engine, fits
from lab.mnist import Mnist
from lab.network import build_network
from lab.network_config import LayerSpec, NetworkConfig, conv, max_pool
from lab.steps import step

pytestmark = [
    pytest.mark.skipif(library() is None, reason="no C compiler: PyTorch is all there is"),
    pytest.mark.usefixtures("in_child"),
]

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_step_equals_that_of_pytorch_in_float64(name: str, batch_norm: bool, thirteen: tuple[Tensor, Tensor]) -> None:
    images, labels = thirteen
    engine, network, exact = pair(replace(NETWORKS[name], batch_norm=batch_norm, dropout=0.0))
    images = clear_of_kinks(exact, images)
    loss, correct = engine.iterate(images, labels, seed=0)
    scores = exact(images.double())
    expected = F.cross_entropy(scores, labels)
    expected.backward()  # type: ignore[no-untyped-call]
    assert loss / len(labels) == pytest.approx(expected.item(), rel=1e-6)
    assert correct == (scores.argmax(1) == labels).sum()
    assert_same_gradients_and_statistics(network, exact)


def test_of_equal_scores_the_first_is_the_answer_as_with_pytorch(thirteen: tuple[Tensor, Tensor]) -> None:
    images, labels = thirteen
    engine, network, _ = pair(NETWORKS["one layer"])
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    _, correct = engine.iterate(images, labels, seed=0)
    assert correct == (labels == 0).sum() > 0


def test_batch_norm_of_values_that_hardly_differ_from_each_other_equals_pytorchs(
    thirteen: tuple[Tensor, Tensor],
) -> None:
    """As far from 0 as hundreds of their standard deviations: the difference of their squares' mean and their mean's
    square would be 0.01 % of either.
    """
    images, labels = thirteen
    config = NetworkConfig(layers=(conv(8, 1), conv(12, 3), conv(10, 3)), batch_norm=True)  # no stem
    engine, network, exact = pair(config)
    with torch.no_grad():
        for one in (network, exact):
            one[0].weight.mul_(0.01)  # type: ignore[operator]
            one[0].bias.fill_(1.0)  # type: ignore[operator]
    engine.iterate(images, labels, seed=0)
    F.cross_entropy(exact(images.double()), labels).backward()  # type: ignore[no-untyped-call]
    assert (gradient(network) - gradient(exact)).norm() <= 1e-3 * gradient(exact).norm()


@pytest.mark.parametrize("share", [0.1, 0.3, 1.0])
def test_smoothed_labels_have_the_loss_and_gradient_of_pytorchs(share: float, thirteen: tuple[Tensor, Tensor]) -> None:
    images, labels = thirteen
    engine, network, exact = pair(replace(step(3).config.network, dropout=0.0), label_smoothing=share)
    images = clear_of_kinks(exact, images)
    loss, _ = engine.iterate(images, labels, seed=0)
    expected = F.cross_entropy(exact(images.double()), labels, label_smoothing=share)
    expected.backward()  # type: ignore[no-untyped-call]
    assert loss / len(labels) == pytest.approx(expected.item(), rel=1e-6)
    assert_same_gradients_and_statistics(network, exact)


DIVERGED = ("no stem", "a wide stem of odd sizes", "many channels and odd sizes", "every pooling", "one layer")


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("name", DIVERGED)
def test_what_is_no_number_stays_none_up_to_the_loss(name: str, batch_norm: bool, mnist: Mnist) -> None:
    """Else a network that has diverged would seem to train on."""
    images, labels = noisy_digits(mnist, 13, "a black background")
    config = replace(NETWORKS[name], batch_norm=batch_norm)
    for place in range(sum(layer.kind == "conv" for layer in config.layers)):
        engine, network, _ = pair(config)
        with torch.no_grad():
            [one for one in network if isinstance(one, nn.Conv2d)][place].weight[0, 0, 0, 0] = torch.nan
        loss, _ = engine.iterate(images, labels, seed=0)
        assert math.isnan(loss)
        assert engine.scores(images).isnan().any()
    engine, _, exact = pair(config)
    images = images.clone()
    images[2, 0, 14, 14] = torch.nan  # of a window of a pooling, one value alone
    with torch.no_grad():
        assert torch.equal(engine.scores(images).isnan(), exact.eval()(images.double()).isnan())


@given(config=possible_networks() | possible_networks(most_channels=40), pictures=st.sampled_from(PICTURES))
def test_a_step_of_any_network_that_begins_with_a_convolution_equals_that_of_pytorch(
    mnist: Mnist, config: NetworkConfig, pictures: str
) -> None:
    assume(fits(config))
    images, labels = noisy_digits(mnist, 3, pictures)
    engine, network, exact = pair(replace(config, dropout=0.0), batch_size=3)
    loss, _ = engine.iterate(images, labels, seed=0)
    expected = F.cross_entropy(exact(images.double()), labels)
    expected.backward()  # type: ignore[no-untyped-call]
    assert loss / 3 == pytest.approx(expected.item(), rel=1e-3)  # a nearly constant map magnifies rounding
    assert (gradient(network) - gradient(exact)).norm() <= 0.01 * gradient(exact).norm() + 1e-6


def test_the_same_step_gives_the_same_bits_whatever_the_number_of_threads(thirteen: tuple[Tensor, Tensor]) -> None:
    images, labels = thirteen
    threads, gradients = torch.get_num_threads(), []
    try:
        for count in (1, 2, 3, 1):
            torch.set_num_threads(count)
            engine, network, _ = pair(replace(step(5).config.network, dropout=0.2))
            engine.iterate(images, labels, seed=7)
            gradients.append(torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]))
    finally:
        torch.set_num_threads(threads)
    for others in gradients[1:]:
        assert torch.equal(gradients[0], others)


# --- dropout -----------------------------------------------------------------------------------------------------

# A 1x1 kernel of weight 1 and a pooling of 1 pass the image on; the score of class 0 is then the mean of what is kept.
DROPPED = NetworkConfig(layers=(conv(10, 1), LayerSpec(kind="max_pool", kernel=1)), dropout=0.25)


def kept(seed: int, count: int = 64) -> Tensor:
    """For each of `count` images all of ones, the share of its 784 elements that dropout has kept: from the loss."""
    network = build_network(DROPPED, seed=0)
    convolution = network[0]
    assert isinstance(convolution, nn.Conv2d)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        convolution.weight[0] = 1
    engine = Engine(DROPPED, network, 1)
    shares = []
    for image in range(count):
        loss, _ = engine.iterate(torch.ones(1, 1, 28, 28), torch.tensor([1]), seed + image)
        score = torch.log(torch.expm1(torch.tensor(loss)) - 8).item()  # loss = log(exp(score) + 9), for class 1
        shares.append(score * (1 - DROPPED.dropout))
    return torch.tensor(shares)


def test_dropout_keeps_the_share_it_should_and_scales_it_up() -> None:
    shares = kept(seed=11)
    deviation = (0.25 * 0.75 / 784) ** 0.5
    assert abs(shares.mean().item() - 0.75) < 4 * deviation / len(shares) ** 0.5
    assert 0.6 * deviation < shares.std().item() < 1.5 * deviation


def test_dropout_is_decided_by_the_seed() -> None:
    assert torch.equal(kept(seed=1, count=4), kept(seed=1, count=4))
    assert not torch.equal(kept(seed=1, count=4), kept(seed=100, count=4))


BEFORE_DROPOUT = NetworkConfig(layers=(conv(10, 5), AVERAGE), dropout=0.4)  # no ReLU there: nothing has a kink
BEHIND_DROPOUT = NetworkConfig(layers=(conv(4, 5), conv(6, 1), max_pool(), conv(10, 3)), batch_norm=True, dropout=0.4)


@pytest.mark.parametrize("config", [BEFORE_DROPOUT, BEHIND_DROPOUT], ids=["before", "behind"])
def test_dropout_has_the_gradient_of_what_it_let_through(
    config: NetworkConfig, thirteen: tuple[Tensor, Tensor]
) -> None:
    """By finite differences, of the last convolution: with a seed, dropout is a fixed function."""
    images, labels = thirteen
    engine, network, _ = pair(config)
    engine.iterate(images, labels, seed=9)
    last = [one for one in network if isinstance(one, nn.Conv2d)][-1]
    weight: Tensor = last.weight
    assert weight.grad is not None
    direction = weight.grad / weight.grad.norm()
    slope, losses = (weight.grad * direction).sum().item(), []
    for sign in (1, -1):
        with torch.no_grad():
            weight += sign * 0.01 * direction
        losses.append(engine.iterate(images, labels, seed=9)[0] / len(labels))
        with torch.no_grad():
            weight -= sign * 0.01 * direction
    assert (losses[0] - losses[1]) / 0.02 == pytest.approx(slope, rel=0.01)


# --- what it serves ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(1, 8))
def test_it_fits_every_step(number: int) -> None:
    assert fits(step(number).config.network)


def test_it_does_not_fit_a_network_that_begins_with_pooling() -> None:
    assert not fits(NetworkConfig(layers=(max_pool(), conv(10, 3))))
