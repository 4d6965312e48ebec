"""A NetworkConfig becomes the module it describes, with weights drawn from a seed and from nowhere else."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from any_config import possible_networks
from examples import TINY_NETWORK
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lab.network import Dropout, build_network, with_weights
from lab.network_config import LayerSpec, NetworkConfig, conv
from lab.steps import STEPS, step


@pytest.mark.parametrize("preset", STEPS, ids=lambda preset: preset.name)
def test_a_preset_maps_images_to_ten_scores(preset: object) -> None:
    network = build_network(preset.config.network, seed=1).eval()  # type: ignore[attr-defined]
    assert network(torch.rand(3, 1, 28, 28)).shape == (3, 10)


def test_the_modules_of_step_3_stand_in_the_published_order() -> None:
    names = [type(module).__name__ for module in build_network(step(3).config.network, seed=1)]
    block = ["Conv2d", "BatchNorm2d", "ReLU"]
    pool = ["MaxPool2d", "Dropout"]
    end = ["Conv2d", "AdaptiveAvgPool2d", "Flatten"]
    assert names == 2 * block + pool + 2 * block + pool + block + end


def test_the_modules_of_step_1_end_in_the_global_average_pooling_and_the_linear_layer() -> None:
    names = [type(module).__name__ for module in build_network(step(1).config.network, seed=1)]
    block = ["Conv2d", "ReLU"]
    assert names == 3 * block + ["MaxPool2d"] + 3 * block + ["AdaptiveAvgPool2d", "Flatten", "Linear"]


def test_every_convolution_has_a_bias_also_under_batch_norm() -> None:
    convolutions = [m for m in build_network(step(3).config.network, seed=1) if isinstance(m, nn.Conv2d)]
    assert len(convolutions) == 6
    assert all(module.bias is not None for module in convolutions)


@pytest.mark.parametrize(("bias", "with_one"), [("needed", [False] * 5 + [True]), ("none", [False] * 6)])
def test_biases_are_left_out_where_batch_norm_follows_or_everywhere(bias: Any, with_one: list[bool]) -> None:
    network = build_network(replace(step(3).config.network, bias=bias), seed=1)
    assert [module.bias is not None for module in network if isinstance(module, nn.Conv2d)] == with_one


def test_a_layer_keeps_its_kernel_stride_and_padding() -> None:
    spec = LayerSpec(kind="average_pool", kernel=5, stride=3, padding=2)
    network = build_network(NetworkConfig(layers=(conv(10, 3, padding=1, stride=2), spec)), seed=1)
    assert isinstance(network[0], nn.Conv2d)
    assert (network[0].kernel_size, network[0].stride, network[0].padding) == ((3, 3), (2, 2), (1, 1))
    assert isinstance(network[1], nn.AvgPool2d)
    assert (network[1].kernel_size, network[1].stride, network[1].padding) == (5, 3, 2)


@given(possible_networks(), st.integers(0, 2**32 - 1))
def test_the_weights_are_those_that_pytorch_itself_would_draw(config: NetworkConfig, seed: int) -> None:
    ours = [module for module in build_network(config, seed) if isinstance(module, (nn.Conv2d, nn.Linear))]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        theirs = [
            nn.Linear(module.in_features, 10, bias=module.bias is not None)
            if isinstance(module, nn.Linear)
            else nn.Conv2d(module.in_channels, module.out_channels, module.kernel_size[0], bias=module.bias is not None)
            for module in ours
        ]
    for mine, reference in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.weight, reference.weight)
        if mine.bias is not None:
            torch.testing.assert_close(mine.bias, reference.bias)


def test_one_seed_gives_one_network_and_another_seed_another(untouched_randomness: None) -> None:
    first, again, other = (build_network(TINY_NETWORK, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["0.weight"], other["0.weight"])


def test_scores_are_not_rectified() -> None:
    scores = build_network(TINY_NETWORK, seed=1).eval()(torch.randn(20, 1, 28, 28, generator=torch.Generator()))
    assert (scores < 0).any()
    assert (scores > 0).any()


# --- dropout -----------------------------------------------------------------------------------------------------


def dropout(rate: float, seed: int = 1) -> Dropout:
    module = Dropout(rate)
    module.generator = torch.Generator().manual_seed(seed)
    return module


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.9])
def test_dropout_zeroes_its_share_of_the_elements_and_scales_the_rest(rate: float, untouched_randomness: None) -> None:
    dropped = dropout(rate).train()(torch.ones(100, 10, 10, 10))
    kept = dropped[dropped != 0]
    torch.testing.assert_close(kept, torch.full_like(kept, 1 / (1 - rate)))
    share = 1 - kept.numel() / dropped.numel()
    assert share == pytest.approx(rate, abs=5 * (rate * (1 - rate) / 100_000) ** 0.5)  # five standard deviations


def test_dropout_chooses_elements_not_whole_maps() -> None:
    dropped = dropout(0.5).train()(torch.ones(50, 4, 6, 6)).flatten(2)
    assert not (dropped == dropped[:, :, :1]).all(dim=2).any()  # none of 200 maps is all kept or all dropped


def test_dropout_does_nothing_in_evaluation() -> None:
    images = torch.rand(4, 2, 5, 5)
    assert dropout(0.9).eval()(images) is images


def test_dropout_draws_from_its_own_generator_only() -> None:
    images = torch.ones(2, 3, 8, 8)
    assert torch.equal(dropout(0.5, seed=3).train()(images), dropout(0.5, seed=3).train()(images))
    assert not torch.equal(dropout(0.5, seed=3).train()(images), dropout(0.5, seed=4).train()(images))


def test_a_network_is_given_other_weights_and_the_one_it_was_made_of_keeps_its_own() -> None:
    config = step(5).config.network
    network, other = build_network(config, seed=1).eval(), build_network(config, seed=2).eval()
    images = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        before, expected = network(images), other(images)
        filled = with_weights(network, other.state_dict())
        assert not filled.training
        assert torch.equal(filled(images), expected) and torch.equal(network(images), before)
