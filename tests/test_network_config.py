"""A network as a value: a layer or a network that cannot be is named with what is allowed."""

from dataclasses import replace
from typing import Any

import pytest
from examples import tiny_run

from lab.config import ConfigError
from lab.network_config import LayerSpec, NetworkConfig, conv, linear, max_pool


@pytest.mark.parametrize(
    ("build", "sentence"),
    [  # an ignored type is the wrong value that is tried
        (lambda: NetworkConfig(layers=()), "the network has 0 layers; it must have 1 to 40."),
        (lambda: NetworkConfig(layers=(max_pool(),) * 41), "the network has 41 layers; it must have 1 to 40."),
        (lambda: replace(tiny_run().network, dropout=1.0), "dropout is 1.0; it must be a number from 0 to 0.9."),
        (lambda: replace(tiny_run().network, batch_norm="no"), "batch_norm is 'no'; it must be true or false."),  # type: ignore[arg-type]
        (lambda: replace(tiny_run().network, bias=True), "bias is True; it must be one of all, needed, none."),  # type: ignore[arg-type]
        (lambda: conv(0, 3), "a convolution needs channels: at least 1."),
        (lambda: LayerSpec(kind="conv", kernel=3), "a convolution needs channels: at least 1."),
        (lambda: conv(-4, 3), "channels is -4; it must be a whole number from 1 to 1,024."),
        (lambda: conv(8, 29), "kernel is 29; it must be a whole number from 1 to 28."),
        (lambda: conv(8, 3, stride=0), "stride is 0; it must be a whole number from 1 to 28."),
        (lambda: conv(8, 3, padding=15), "padding is 15; it must be a whole number from 0 to 14."),
        (
            lambda: LayerSpec(kind="blur", kernel=3),  # type: ignore[arg-type]
            "kind is 'blur'; it must be one of conv, max_pool, average_pool, linear.",
        ),
        (
            lambda: replace(linear(), channels=12),
            "channels is 12; a linear layer makes the class scores: it must be 10.",
        ),
        (
            lambda: LayerSpec(kind="linear", kernel=1),
            "channels is None; a linear layer makes the class scores: it must be 10.",
        ),
        (
            lambda: replace(linear(), kernel=3),
            "kernel is 3; a linear layer reads one value per map: it must be 1.",
        ),
        (lambda: replace(linear(), stride=2), "stride is 2; a linear layer reads one value per map: it must be 1."),
        (lambda: replace(linear(), padding=1), "padding is 1; a linear layer reads one value per map: it must be 0."),
        (
            lambda: NetworkConfig(layers=(conv(8, 3), linear(), conv(10, 3))),
            "layer 2 is linear but not the last: a network can have one linear layer, at its end.",
        ),
        (
            lambda: NetworkConfig(layers=(conv(8, 3), linear(), linear())),
            "layer 2 is linear but not the last: a network can have one linear layer, at its end.",
        ),
        (
            lambda: LayerSpec(kind="max_pool", kernel=2, channels=8),
            "channels is 8; pooling keeps the number of channels: leave it empty.",
        ),
        (
            lambda: LayerSpec(kind="max_pool", kernel=3, padding=2),
            "padding is 2; for pooling it may be at most half the kernel (1).",
        ),
    ],
)
def test_a_value_out_of_range_is_named_with_what_is_allowed(build: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        build()
    assert str(error.value) == sentence
