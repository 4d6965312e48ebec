"""What cannot be trained is said in one sentence before anything begins, and what can be is not refused."""

from dataclasses import replace

import pytest
import torch
from any_config import run_configs
from hypothesis import given

from lab.config import RunConfig
from lab.network import build_network
from lab.network_config import NetworkConfig, conv
from lab.trainable import training_problem

ONE_VALUE = NetworkConfig(layers=(conv(4, 28), conv(10, 1)), batch_norm=True)


@pytest.mark.parametrize(
    ("images", "batch_size"),
    [(49, 16), (1, 64), (48, 1)],
    ids=["the last batch", "the only batch", "every batch"],
)
def test_batch_norm_on_a_single_value_is_refused_before_training(images: int, batch_size: int) -> None:
    config = RunConfig(network=ONE_VALUE, training_images=images, batch_size=batch_size)
    problem = training_problem(config)
    assert problem is not None
    assert problem.startswith("Layer 1 has batch norm on a 1×1 map, and ")
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):  # what PyTorch itself says
        build_network(ONE_VALUE, seed=1).train()(torch.zeros(1, 1, 28, 28))


@pytest.mark.parametrize(
    "config",
    [
        RunConfig(network=ONE_VALUE, training_images=50, batch_size=16),
        RunConfig(network=replace(ONE_VALUE, batch_norm=False), training_images=49, batch_size=16),
        RunConfig(network=replace(ONE_VALUE, layers=(conv(4, 27), conv(10, 1))), training_images=49, batch_size=16),
        RunConfig(network=replace(ONE_VALUE, layers=(conv(10, 28),)), training_images=49, batch_size=16),
    ],
    ids=["two images", "no batch norm", "a 2x2 map", "the class scores, which have none"],
)
def test_what_has_a_spread_is_trained(config: RunConfig) -> None:
    assert training_problem(config) is None
    network = build_network(config.network, seed=1).train()
    network(torch.zeros(config.images_per_epoch % config.batch_size, 1, 28, 28))


def test_a_network_that_cannot_be_built_cannot_be_trained() -> None:
    problem = training_problem(RunConfig(network=NetworkConfig(layers=(conv(10, 5), conv(12, 3)))))
    assert problem is not None
    assert problem.startswith("Layer 2 is the last convolution and has 12 channels")


@given(config=run_configs)
def test_any_config_has_an_answer_in_one_sentence_or_none(config: RunConfig) -> None:
    problem = training_problem(config)
    assert problem is None or "\n" not in problem
