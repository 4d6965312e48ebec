"""Many images are read as the modules themselves read them, and the network that reads is left as it was."""

from dataclasses import replace

import pytest
import torch
from examples import TINY_NETWORK

from lab.checkpoint import weights_to_bytes
from lab.compute import read_scores
from lab.compute import scores as room
from lab.mnist import Mnist, normalize, to_unit
from lab.network import build_network
from lab.network_config import NetworkConfig, conv, max_pool
from lab.steps import step

NETWORKS = {
    "tiny": TINY_NETWORK,
    "step 5": step(5).config.network,
    "dropout": replace(TINY_NETWORK, dropout=0.5),
    "begins with pooling": NetworkConfig(layers=(max_pool(), conv(10, 3))),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_scores_are_those_of_the_modules(few: Mnist, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "AT_ONCE", 16)  # 30 images: a whole batch and a part of one
    config = NETWORKS[name]
    network = build_network(config, seed=1).eval()
    with torch.inference_mode():
        expected = network(normalize(to_unit(few.test_images)))
    assert torch.allclose(read_scores(config, network, few.test_images), expected, rtol=1e-3, atol=1e-4)


def test_the_network_is_left_as_it_was(few: Mnist) -> None:
    network = build_network(TINY_NETWORK, seed=1).eval()
    before = weights_to_bytes(network)
    read_scores(TINY_NETWORK, network, few.test_images)
    assert weights_to_bytes(network) == before
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not network.training


def test_no_image_has_no_scores(few: Mnist) -> None:
    network = build_network(TINY_NETWORK, seed=1).eval()
    assert read_scores(TINY_NETWORK, network, few.test_images[:0]).shape == (0, 10)
