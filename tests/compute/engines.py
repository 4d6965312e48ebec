"""Engines beside the networks that they compute: some of each kind that there is."""

from dataclasses import replace

from exact_twin import with_its_exact_twin
from torch import nn

from lab.compute.native.engine import Engine
from lab.network_config import LayerSpec, NetworkConfig, conv, linear, max_pool
from lab.steps import step

AVERAGE = LayerSpec(kind="average_pool", kernel=3, stride=2, padding=1)
OVERLAPPING = LayerSpec(kind="max_pool", kernel=3, stride=1, padding=1)
ONCE = replace(step(6).config.network, second_reading=False)  # a second reading is another call of the engine
NETWORKS = {
    "step 1": step(1).config.network,
    "step 2": step(2).config.network,
    "step 6": ONCE,
    "no stem": NetworkConfig(layers=(conv(8, 3, padding=1), max_pool(), conv(12, 3, stride=2, padding=1), conv(10, 3))),
    "padding as wide as the kernel": NetworkConfig(
        layers=(conv(8, 3), conv(20, 1, padding=1), max_pool(3, 2), conv(10, 5, padding=4))
    ),
    "every pooling": NetworkConfig(layers=(conv(8, 3, padding=1), conv(50, 1), AVERAGE, OVERLAPPING, conv(10, 3))),
    "a wide stem of odd sizes": NetworkConfig(layers=(conv(33, 7, padding=1), conv(17, 1), max_pool(), conv(10, 3))),
    "many channels and odd sizes": NetworkConfig(
        layers=(
            conv(33, 3, padding=1),
            conv(20, 3, padding=3),
            max_pool(3, 2),
            conv(40, 3),
            conv(24, 3, padding=1),
            conv(10, 3, padding=2),
        )
    ),
    "few channels": NetworkConfig(
        layers=(conv(2, 5), conv(3, 7, padding=3), max_pool(), conv(7, 5, padding=2, stride=2), conv(1, 3), conv(10, 2))
    ),
    "many weights": NetworkConfig(layers=(conv(40, 3, stride=2), conv(96, 5), conv(10, 5))),
    "small maps of large inputs": NetworkConfig(
        layers=(
            conv(20, 3),
            conv(9, 9, padding=3, stride=2),
            conv(32, 5),
            conv(17, 3, stride=2),
            conv(10, 3, padding=2),
        )
    ),
    "one layer": NetworkConfig(layers=(conv(10, 28),)),
    "pooling last": NetworkConfig(layers=(conv(10, 3), max_pool())),
    "no bias": replace(ONCE, bias="none"),
    "no stem and no bias": NetworkConfig(layers=(conv(8, 3), max_pool(), conv(12, 3), conv(10, 3)), bias="none"),
    "linear behind a convolution": NetworkConfig(layers=(conv(8, 5, stride=3), linear())),
    "linear behind a stem": NetworkConfig(layers=(conv(33, 3), conv(17, 1), linear())),
    "linear behind pooling": NetworkConfig(layers=(conv(8, 3), max_pool(), linear())),
}


def pair(
    config: NetworkConfig, batch_size: int = 13, label_smoothing: float = 0.0, halves: bool = False
) -> tuple[Engine, nn.Sequential, nn.Sequential]:
    """An engine, its network, and the same network in float64."""
    network, exact = with_its_exact_twin(config)
    return Engine(config, network, batch_size, label_smoothing, halves), network, exact
