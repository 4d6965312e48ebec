"""Products of bfloat16 in a stem: near those of float32, and the same where both are exact."""

import copy
import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from engines import NETWORKS, pair
from exact_twin import PICTURES, clear_of_kinks, gradient, noisy_digits
from torch import Tensor, nn

from lab.compute.native.build import library
from lab.compute.native.engine import Engine, knows_halves
from lab.engine_memory import has_stem
from lab.mnist import Mnist
from lab.network import build_network
from lab.network_config import NetworkConfig, conv, max_pool
from lab.steps import step

pytestmark = [
    pytest.mark.skipif(library() is None or not knows_halves(), reason="this processor has no products of bfloat16"),
    pytest.mark.usefixtures("in_child"),
]

STEMS = {name: network for name, network in NETWORKS.items() if has_stem(network)} | {
    "step 5": step(5).config.network,
    "an even kernel": NetworkConfig(layers=(conv(48, 4), conv(8, 1), conv(10, 3))),
    "no padding": NetworkConfig(layers=(conv(40, 1), conv(17, 1), conv(10, 9, stride=9))),
    "few channels in a stem": NetworkConfig(layers=(conv(1, 3, padding=14), conv(1, 1), max_pool(5, 3), conv(10, 2))),
    "a wide kernel": NetworkConfig(layers=(conv(8, 17, padding=5), conv(9, 1), conv(10, 3))),
}
ROUNDING = 2**-8
"""Of a number to bfloat16, as a share of it: at most half of this."""


def gradients_of(config: NetworkConfig, batch: tuple[Tensor, Tensor], halves: bool) -> tuple[float, Tensor]:
    engine, network, _ = pair(config, halves=halves)
    loss, _ = engine.iterate(*batch, seed=7)
    return loss / len(batch[1]), gradient(network)


@pytest.mark.parametrize("pictures", PICTURES)
@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("name", STEMS)
def test_a_step_is_as_near_to_that_in_float64_as_pytorchs_own_bfloat16(
    mnist: Mnist, name: str, batch_norm: bool, pictures: str
) -> None:
    """How near that is depends on the network: behind many layers with batch norm a tenth of a gradient is rounding."""
    engine, network, exact = pair(replace(STEMS[name], batch_norm=batch_norm, dropout=0.0), halves=True)
    images, labels = noisy_digits(mnist, 13, pictures)
    images, other = clear_of_kinks(exact, images), copy.deepcopy(network)
    loss, _ = engine.iterate(images, labels, seed=0)
    expected = F.cross_entropy(exact(images.double()), labels)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = other(images)
    for of_one, end in ((exact, expected), (other, F.cross_entropy(scores.float(), labels))):
        of_one.zero_grad()
        end.backward()  # type: ignore[no-untyped-call]
    assert loss / len(labels) == pytest.approx(expected.item(), rel=4 * ROUNDING)
    ours, pytorchs = ((gradient(one) - gradient(exact)).norm() / gradient(exact).norm() for one in (network, other))
    assert 1e-5 < ours < 1.5 * pytorchs + ROUNDING


def whole_numbers(config: NetworkConfig, halves: bool) -> tuple[Engine, nn.Sequential]:
    """Weights of -1, 0 and 1 in the stem: with pixels of 0 and 1 every sum in it is a small whole number."""
    network = build_network(replace(config, batch_norm=False, dropout=0.0), seed=3)
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for parameter in list(network.parameters())[:4]:
            parameter.copy_(torch.randint(-1, 2, parameter.shape, generator=generator))
    return Engine(config, network, 13, halves=halves), network


WHOLE = ("step 2", "an even kernel", "no padding", "few channels in a stem", "linear behind a stem")


@pytest.mark.parametrize("name", WHOLE)
def test_a_loss_is_that_of_float32_to_the_last_bit_where_no_number_of_the_stem_is_rounded(
    name: str, thirteen: tuple[Tensor, Tensor]
) -> None:
    images, labels = (thirteen[0] > 0).float(), thirteen[1]
    made = [whole_numbers(replace(STEMS[name], batch_norm=False, dropout=0.0), halves) for halves in (False, True)]
    losses = [engine.iterate(images, labels, seed=0)[0] for engine, _ in made]
    assert losses[0] == losses[1]
    # one rounding is left, that of the gradient which comes from behind
    plain, in_halves = (gradient(network) for _, network in made)
    assert (plain - in_halves).norm() <= ROUNDING * plain.norm()


def test_what_is_read_is_read_in_float32(mnist: Mnist) -> None:
    images, _ = noisy_digits(mnist, 40, PICTURES[0])
    plain, in_halves = (pair(STEMS["step 5"], halves=halves)[0] for halves in (False, True))
    assert torch.equal(plain.scores(images), in_halves.scores(images))


@pytest.mark.parametrize("name", ["step 5", "a wide stem of odd sizes"])
def test_the_bits_depend_on_no_number_of_threads(name: str, thirteen: tuple[Tensor, Tensor]) -> None:
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            found.append(gradients_of(replace(STEMS[name], batch_norm=True, dropout=0.1), thirteen, halves=True))
    finally:
        torch.set_num_threads(before)
    assert all(loss == found[0][0] and torch.equal(of_all, found[0][1]) for loss, of_all in found)


def test_what_is_no_number_stays_none_up_to_the_loss(thirteen: tuple[Tensor, Tensor]) -> None:
    for place in (0, 2):
        engine, network, _ = pair(replace(STEMS["step 2"], batch_norm=False), halves=True)
        with torch.no_grad():
            list(network.parameters())[place].view(-1)[0] = torch.nan
        assert math.isnan(engine.iterate(*thirteen, seed=0)[0])


def test_a_network_without_a_stem_is_not_served() -> None:
    network = NETWORKS["no stem"]
    with pytest.raises(MemoryError):
        Engine(network, build_network(network, seed=1), 13, halves=True)
