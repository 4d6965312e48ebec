"""Weights and optimiser state come back from their bytes bit for bit, and the bytes are plain safetensors."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
import safetensors.torch
import torch
from any_config import possible_networks
from examples import TINY_NETWORK
from hypothesis import given
from torch import nn

from lab.checkpoint import load_optimizer, load_weights, optimizer_to_bytes, weights_to_bytes
from lab.network import build_network
from lab.network_config import NetworkConfig, conv, max_pool
from lab.steps import step


def one_step(network: nn.Module, optimizer: torch.optim.Optimizer, seed: int) -> None:
    images = torch.randn(8, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
    optimizer.zero_grad()
    network(images).square().mean().backward()
    optimizer.step()


OPTIMIZERS: dict[str, Callable[[nn.Module], torch.optim.Optimizer]] = {
    "sgd": lambda network: torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01),
    "sgd without momentum": lambda network: torch.optim.SGD(network.parameters(), lr=0.1, momentum=0),
    "adamw": lambda network: torch.optim.AdamW(network.parameters(), lr=0.1),
}


@given(possible_networks())
def test_weights_come_back_bit_for_bit(config: NetworkConfig) -> None:
    network, other = build_network(config, seed=1), build_network(config, seed=2)
    network.train()(torch.rand(4, 1, 28, 28))  # moves the statistics of batch norm
    load_weights(other, weights_to_bytes(network))
    for name, tensor in network.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor), name


def test_batch_norms_statistics_are_among_the_weights() -> None:
    content = weights_to_bytes(build_network(TINY_NETWORK, seed=1))
    assert {"1.running_mean", "1.running_var", "1.num_batches_tracked"} <= set(safetensors.torch.load(content))


def test_a_checkpoint_is_a_safetensors_file_and_no_pickle() -> None:
    content = weights_to_bytes(build_network(TINY_NETWORK, seed=1))
    length = int.from_bytes(content[:8], "little")  # the format: 8 bytes of length, a JSON header, raw numbers
    header = json.loads(content[8 : 8 + length])
    assert header["0.weight"]["shape"] == [6, 1, 5, 5]
    assert header["0.weight"]["dtype"] == "F32"


def test_equal_networks_give_equal_bytes_in_any_memory_order() -> None:
    network = build_network(TINY_NETWORK, seed=1)
    content = weights_to_bytes(network)
    assert weights_to_bytes(build_network(TINY_NETWORK, seed=1)) == content
    network.to(memory_format=torch.channels_last)
    assert weights_to_bytes(network) == content


# Its last convolution is module 8 without dropout and 10 with it: by their letters 10 comes before 4.
BEYOND_NINE = NetworkConfig(layers=(conv(4, 3), max_pool(), conv(6, 3), max_pool(), conv(8, 1), conv(10, 1)))


@pytest.mark.parametrize("config", [step(3).config.network, BEYOND_NINE], ids=["step 3", "ten modules"])
def test_weights_fit_a_network_with_other_dropout_whose_modules_stand_elsewhere(config: NetworkConfig) -> None:
    with_it, without = (build_network(replace(config, dropout=rate), seed=1) for rate in (0.1, 0.0))
    assert list(with_it.state_dict()) != list(without.state_dict())
    load_weights(without, weights_to_bytes(with_it))
    for mine, theirs in zip(without.state_dict().values(), with_it.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs)


def test_the_weights_of_another_network_are_refused() -> None:
    content = weights_to_bytes(build_network(NetworkConfig(layers=TINY_NETWORK.layers), seed=1))
    with pytest.raises(RuntimeError, match=r"there are 4 tensors for a network of 9"):
        load_weights(build_network(TINY_NETWORK, seed=1), content)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_restored_optimizer_goes_on_as_the_one_that_was_kept(kind: str) -> None:
    network, other = build_network(TINY_NETWORK, seed=1), build_network(TINY_NETWORK, seed=2)
    optimizer, restored = OPTIMIZERS[kind](network), OPTIMIZERS[kind](other)
    one_step(network, optimizer, seed=1)
    one_step(network, optimizer, seed=2)
    load_weights(other, weights_to_bytes(network))
    load_optimizer(restored, optimizer_to_bytes(optimizer))
    one_step(network, optimizer, seed=3)
    one_step(other, restored, seed=3)
    assert weights_to_bytes(other) == weights_to_bytes(network)
    assert optimizer_to_bytes(restored) == optimizer_to_bytes(optimizer)


@pytest.mark.parametrize(
    ("kind", "keys"),
    [("sgd", {"momentum_buffer"}), ("sgd without momentum", set()), ("adamw", {"step", "exp_avg", "exp_avg_sq"})],
)
def test_the_state_is_kept_for_every_parameter(kind: str, keys: set[str]) -> None:
    network = build_network(TINY_NETWORK, seed=1)
    optimizer = OPTIMIZERS[kind](network)
    one_step(network, optimizer, seed=1)
    count = len(list(network.parameters()))
    assert count == 2 + 2 + 2  # weight and bias of a convolution, its batch norm, and another convolution
    kept = safetensors.torch.load(optimizer_to_bytes(optimizer))
    assert set(kept) == {f"{number}.{key}" for number in range(count) for key in keys}
