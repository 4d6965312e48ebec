"""What `lab.memory` says of the engines without asking them is what they do."""

import pytest
import torch
from any_config import possible_networks
from hypothesis import assume, given
from hypothesis import strategies as st

from lab.augment import augment
from lab.compute.native.engine import Engine, fits, knows_halves
from lab.compute.stem import find_patches, fold_stem
from lab.engine_memory import begins_with_stem, compiled_bytes, has_stem
from lab.memory import ink_share
from lab.mnist import Mnist, to_unit
from lab.network import build_network
from lab.network_config import NetworkConfig, conv, linear
from lab.steps import step
from lab.training_config import Augmentation


@pytest.mark.parametrize("batch", [1, 64, 1000])
@pytest.mark.parametrize("number", range(1, 8))
def test_the_engine_in_c_asks_for_what_is_foreseen(number: int, batch: int) -> None:
    """At most a quarter more: the processor's vectors may be shorter than the widest."""
    network = step(number).config.network
    engine = Engine(network, build_network(network, seed=1), batch)
    assert engine.bytes() <= compiled_bytes(network, batch, threads=1) * 1.01 + 50_000
    assert compiled_bytes(network, batch, threads=1) <= 1.25 * engine.bytes() + 50_000


@given(network=possible_networks() | possible_networks(most_channels=100))
def test_the_engine_in_c_never_asks_for_more(network: NetworkConfig) -> None:
    assume(fits(network))
    engine = Engine(network, build_network(network, seed=1), 7)
    assert engine.bytes() <= compiled_bytes(network, 7, threads=1) * 1.01 + 100_000


@pytest.mark.skipif(not knows_halves(), reason="this processor has no products of bfloat16")
@given(st.integers(1, 200), st.integers(1, 28), st.integers(0, 14), st.integers(1, 60))
def test_what_products_of_bfloat16_take_is_foreseen(channels: int, kernel: int, padding: int, narrow: int) -> None:
    stem = NetworkConfig(layers=(conv(channels, kernel, padding=padding), conv(narrow, 1), linear()))
    assert has_stem(stem)
    made = [Engine(stem, build_network(stem, seed=1), 7, halves=halves).bytes() for halves in (False, True)]
    foreseen = [compiled_bytes(stem, 7, threads=torch.get_num_threads(), halves=halves) for halves in (False, True)]
    assert made[1] - made[0] == pytest.approx(foreseen[1] - foreseen[0], abs=4 * 64)  # an array begins with a line


@given(network=possible_networks())
def test_what_can_be_folded_is_known_without_torch(network: NetworkConfig) -> None:
    assert begins_with_stem(network) == (fold_stem(build_network(network, seed=1)) is not None)


@pytest.mark.parametrize("change", [Augmentation(), Augmentation(rotation=10, shift=2), Augmentation(scale=0.5, pen=1)])
def test_no_more_positions_see_ink_than_is_foreseen_and_not_many_fewer(mnist: Mnist, change: Augmentation) -> None:
    images = augment(to_unit(mnist.train_images[:300]), change, torch.Generator().manual_seed(1))
    for kernel in range(1, 29):
        seen = find_patches(images, kernel, padding=0).ink.double().mean().item()
        assert seen <= ink_share(kernel) <= seen + 0.2
