"""What was, and is, tried for Beyond: networks under 10,000 parameters and ways to train them for 15 epochs.

The best documented anchor is a network of 3x3 convolutions, 10-30-10 channels, pooling, 14-14-14-14, average pooling
and a 1x1 convolution, without any bias. Its 9,994 parameters come out exactly where the second "10" is a 1x1
convolution and batch norm follows every convolution but the last:

    90 + 2,700 + 300 + 1,260 + 3 x 1,764 + 140 = 9,782 weights, and 2 x (10 + 30 + 10 + 4 x 14) = 212 of batch norm

(With batch norm behind the last convolution and not behind the 1x1 in the middle the sum is the same; with a 3x3
convolution in the middle it is 12,394.) Its paddings are not known, so it is tried without and with. Some write
convolution, ReLU, batch norm; here batch norm comes before ReLU, as everywhere in the lab.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lab.config import RunConfig
from lab.network_config import Biases, LayerSpec, NetworkConfig, conv, max_pool
from lab.steps import LIGHT_CHANNELS, Channels, skeleton
from lab.steps import threes as shape_of_threes
from lab.training_config import Augmentation, Optimizer, OptimizerKind, Schedule

MILD = Augmentation(rotation=7.0, shift=1.0, scale=0.08, shear=5.0, pen=0.3, interpolation="bilinear")
WEAK = Augmentation(rotation=5.0, shift=0.5, scale=0.05, shear=3.0, pen=0.2, interpolation="bilinear")
STRONG = Augmentation(rotation=10.0, shift=1.5, scale=0.1, shear=8.0, pen=0.5, interpolation="bilinear")
FIRM = Augmentation(rotation=10.0, shift=1.0, scale=0.1, shear=6.0, pen=0.3, interpolation="bilinear")
ANCHORS_OWN = Augmentation(rotation=10.0)

BEYOND = skeleton(LIGHT_CHANNELS, batch_norm=True)
"""The network of Beyond before this search."""


def average_pool(kernel: int) -> LayerSpec:
    """The mean of the whole map, where it is as wide as `kernel`."""
    return LayerSpec(kind="average_pool", kernel=kernel, stride=kernel)


def threes(*layers: LayerSpec, bias: Biases = "none") -> NetworkConfig:
    """A network of these layers, with batch norm."""
    return NetworkConfig(layers=layers, batch_norm=True, bias=bias)


def shape_of_steps(*channels: int, bias: Biases = "none") -> NetworkConfig:
    """The shape of steps 2 to 6 with these channels."""
    first, second, third, fourth, fifth = channels
    all_channels: Channels = (first, second, third, fourth, fifth, 10)
    return replace(skeleton(all_channels, batch_norm=True), bias=bias)


def _padded(*channels: int) -> tuple[LayerSpec, ...]:
    """3x3 convolutions that keep the size of the maps."""
    return tuple(conv(count, 3, padding=1) for count in channels)


_FOUR = (conv(14, 3),) * 4

NETWORKS: dict[str, NetworkConfig] = {
    "Beyond": BEYOND,  # 9,426 parameters
    "Beyond without cancelled biases": replace(BEYOND, bias="needed"),  # 9,274
    "Beyond, wider first": shape_of_steps(113, 16, 16, 8, 16),  # 9,995
    "Beyond, wider middle": shape_of_steps(96, 16, 18, 9, 17),  # 9,909
    "Beyond, wider last": shape_of_steps(96, 16, 16, 8, 20),  # 9,920
    "Beyond, wider squeezes": shape_of_steps(96, 16, 16, 12, 16),  # 9,912
    "Beyond, narrower first": shape_of_steps(64, 18, 20, 10, 18),  # 9,692
    "anchor": threes(conv(10, 3), conv(30, 3), conv(10, 1), max_pool(), *_FOUR, average_pool(4), conv(10, 1)),  # 9,994
    "anchor, padded": threes(
        conv(10, 3, padding=1), conv(30, 3, padding=1), conv(10, 1), max_pool(), *_FOUR, average_pool(6), conv(10, 1)
    ),  # 9,994
    "anchor, squeezed less": threes(
        conv(12, 3), conv(16, 3), conv(12, 1), max_pool(), *(conv(16, 3),) * 3, conv(10, 3)
    ),  # 9,980
    "anchor, without squeeze": threes(
        conv(8, 3), conv(12, 3), conv(12, 3), max_pool(), *(conv(14, 3),) * 3, conv(10, 3)
    ),  # 8,680
    "threes": threes(*_padded(9, 16), max_pool(), *_padded(16, 16), max_pool(), conv(16, 3), conv(10, 3)),  # 9,875
    "threes, lighter": threes(
        *_padded(8, 12), max_pool(), *_padded(16, 16), max_pool(), conv(16, 3), conv(10, 3)
    ),  # 8,848
    "threes, deeper": threes(
        *_padded(8, 8, 14), max_pool(), *_padded(16, 16), max_pool(), conv(14, 3), conv(10, 3)
    ),  # 9,404
    "threes, wider": threes(
        *_padded(10, 14), max_pool(), *_padded(16, 16), max_pool(), conv(16, 3), conv(10, 3)
    ),  # 9,558
    "threes, tail": threes(
        *_padded(8, 12), max_pool(), *_padded(16, 16), max_pool(), conv(16, 3), conv(16, 3), conv(10, 1)
    ),  # 9,904
    "threes, longer": threes(
        *_padded(8, 12), max_pool(), *_padded(14, 14, 14), max_pool(), conv(14, 3), conv(14, 3), conv(10, 1)
    ),  # 9,824
    "threes, longer tail": threes(
        *_padded(8, 12), max_pool(), *_padded(14, 14), max_pool(), *(conv(14, 3),) * 3, conv(10, 1)
    ),  # 9,824
    "threes, wider head": threes(
        *_padded(8, 16), max_pool(), *_padded(14, 16), max_pool(), conv(16, 3), conv(14, 3), conv(10, 1)
    ),  # 9,884
    "threes, tail, wider end": threes(
        *_padded(8, 12), max_pool(), *_padded(14, 14), max_pool(), conv(18, 3), conv(16, 3), conv(10, 1)
    ),  # 9,396
    "threes, tail, third at the head": threes(
        *_padded(8, 8, 12), max_pool(), *_padded(14, 16), max_pool(), conv(16, 3), conv(14, 3), conv(10, 1)
    ),  # 9,676
    "threes, tail, padded": threes(
        *_padded(8, 12), max_pool(), *_padded(16, 16), max_pool(), *_padded(16, 16), conv(10, 1)
    ),  # 9,904
    "threes, tail, 12": threes(
        *_padded(8, 8), max_pool(), *_padded(12, 12), max_pool(), conv(12, 3), conv(12, 3), conv(10, 1)
    ),  # 5,648
    "threes, tail, 11": threes(
        *_padded(7, 9), max_pool(), *_padded(11, 11), max_pool(), conv(11, 3), conv(11, 3), conv(10, 1)
    ),  # 5,018
    "threes, tail, 10": threes(
        *_padded(6, 8), max_pool(), *_padded(10, 10), max_pool(), conv(10, 3), conv(10, 3), conv(10, 1)
    ),  # 4,114
    "threes, tail, 8": threes(
        *_padded(6, 8), max_pool(), *_padded(8, 8), max_pool(), conv(8, 3), conv(8, 3), conv(10, 1)
    ),  # 2,962
}
"""Under 10,000 parameters each, by name."""


def candidate(
    network: str = "Beyond",
    augmentation: Augmentation = MILD,
    kind: OptimizerKind = "sgd",
    rate: float = 0.1,
    batch: int = 32,
    decay: float = 0.0,
    **changes: Any,
) -> RunConfig:
    """One of the networks with a recipe: 15 epochs of one-cycle, on 50,000 images, evaluated on the other 10,000."""
    return replace(
        RunConfig(
            network=NETWORKS[network],
            augmentation=augmentation,
            optimizer=Optimizer(kind=kind, learning_rate=rate, weight_decay=decay),
            schedule=Schedule(kind="one_cycle"),
            epochs=15,
            batch_size=batch,
            evaluate_on="validation",
            measure_training=False,
            device="cpu",
        ),
        **changes,
    )


EARLIER: Mapping[str, RunConfig] = {
    "batch 64": candidate(batch=64),
    "batch 64, rate 0.2": candidate(batch=64, rate=0.2),
    "batch 32, rate 0.05": candidate(rate=0.05),
    "batch 32, decay 0.0002": candidate(decay=2e-4),
    "batch 32, decay 0.0005": candidate(decay=5e-4),
    "batch 16, rate 0.03": candidate(batch=16, rate=0.03),
    "stronger": candidate(augmentation=STRONG),
    "weaker, rate 0.05": candidate(augmentation=WEAK, rate=0.05),
    "rotation 10, scale 0.1, rate 0.05": candidate(augmentation=replace(MILD, rotation=10.0, scale=0.1), rate=0.05),
    "pen 0.6, rate 0.05": candidate(augmentation=replace(MILD, pen=0.6), rate=0.05),
    "AdamW 0.005": candidate(kind="adamw", rate=0.005, decay=0.01),
    "AdamW 0.01": candidate(kind="adamw", rate=0.01, decay=0.01),
}
"""Beside which Beyond's recipe, "Beyond", was chosen."""

CANDIDATES: Mapping[str, RunConfig] = {
    **{name: candidate(name) for name in NETWORKS if not name.startswith(("anchor", "threes"))},
    **{f"{name}, its own recipe": candidate(name, ANCHORS_OWN) for name in ("anchor", "anchor, padded")},
    **{f"{name}, mild": candidate(name) for name in NETWORKS if name.startswith("anchor")},
    "anchor, stronger": candidate("anchor", STRONG),
    **{f"Beyond, averaging {decay}": candidate(weight_averaging=decay) for decay in (0.99, 0.995, 0.999)},
    **{f"Beyond, smoothing {share}": candidate(label_smoothing=share) for share in (0.05, 0.1)},
    "Beyond, averaging 0.995, smoothing 0.05": candidate(weight_averaging=0.995, label_smoothing=0.05),
    "Beyond, averaging 0.99, batch 16, rate 0.05": candidate(weight_averaging=0.99, batch=16, rate=0.05),
    "anchor, mild, averaging 0.995": candidate("anchor", weight_averaging=0.995),
    "anchor, mild, smoothing 0.05": candidate("anchor", label_smoothing=0.05),
    "anchor, mild, averaging 0.995, smoothing 0.05": candidate("anchor", weight_averaging=0.995, label_smoothing=0.05),
    "anchor, mild, rate 0.05": candidate("anchor", rate=0.05),
    "anchor, mild, batch 16, rate 0.05": candidate("anchor", batch=16, rate=0.05),
    "anchor, mild, decay 0.0001": candidate("anchor", decay=1e-4),
    "anchor, mild, AdamW 0.01": candidate("anchor", kind="adamw", rate=0.01, decay=0.01),
    **{f"{name}, mild": candidate(name) for name in NETWORKS if name.startswith("threes")},
    "threes, mild, averaging 0.995": candidate("threes", weight_averaging=0.995),
    # Averaging led, so the rest is tried with it; the threes overfit a little, so they are given more augmentation.
    "anchor, mild, averaging 0.999": candidate("anchor", weight_averaging=0.999),
    "anchor, stronger, averaging 0.998": candidate("anchor", STRONG, weight_averaging=0.998),
    "anchor, padded, mild, averaging 0.998": candidate("anchor, padded", weight_averaging=0.998),
    "anchor, mild, rate 0.2, averaging 0.998": candidate("anchor", rate=0.2, weight_averaging=0.998),
    "anchor, mild, batch 16, averaging 0.998": candidate("anchor", batch=16, weight_averaging=0.998),
    **{
        f"{name}, {amount}, averaging 0.998": candidate(name, augmentation, weight_averaging=0.998)
        for name in ("threes, lighter", "threes, wider", "threes, tail", "threes, longer")
        for amount, augmentation in (("mild", MILD), ("stronger", STRONG))
    },
    "threes, tail, stronger, averaging 0.998, smoothing 0.05": candidate(
        "threes, tail", STRONG, weight_averaging=0.998, label_smoothing=0.05
    ),
    "threes, tail, stronger, batch 16, rate 0.05, averaging 0.998": candidate(
        "threes, tail", STRONG, batch=16, rate=0.05, weight_averaging=0.998
    ),
    # The tail led with three seeds, so the last tries vary it: each with three seeds.
    "threes, tail, mild, averaging 0.999": candidate("threes, tail", weight_averaging=0.999),
    "threes, tail, mild, averaging 0.995": candidate("threes, tail", weight_averaging=0.995),
    "threes, tail, mild, rate 0.2, averaging 0.998": candidate("threes, tail", rate=0.2, weight_averaging=0.998),
    "threes, tail, mild, rate 0.05, averaging 0.998": candidate("threes, tail", rate=0.05, weight_averaging=0.998),
    "threes, tail, mild, rate 0.03, averaging 0.998": candidate("threes, tail", rate=0.03, weight_averaging=0.998),
    "threes, wider head, mild, rate 0.05, averaging 0.998": candidate(
        "threes, wider head", rate=0.05, weight_averaging=0.998
    ),
    "threes, tail, mild, decay 0.0001, averaging 0.998": candidate("threes, tail", decay=1e-4, weight_averaging=0.998),
    "threes, tail, firm, averaging 0.998": candidate("threes, tail", FIRM, weight_averaging=0.998),
    "threes, longer tail, mild, averaging 0.998": candidate("threes, longer tail", weight_averaging=0.998),
    "threes, wider head, mild, averaging 0.998": candidate("threes, wider head", weight_averaging=0.998),
    "threes, tail, mild, averaging 0.9995": candidate("threes, tail", weight_averaging=0.9995),
    "threes, wider head, mild, batch 64, rate 0.2, averaging 0.996": candidate(
        "threes, wider head", batch=64, rate=0.2, weight_averaging=0.996
    ),
    "threes, tail, mild, batch 64, rate 0.2, averaging 0.996": candidate(
        "threes, tail", batch=64, rate=0.2, weight_averaging=0.996
    ),
    "threes, tail, mild, smoothing 0.02, averaging 0.998": candidate(
        "threes, tail", label_smoothing=0.02, weight_averaging=0.998
    ),
    **{
        f"{name}, mild, averaging 0.998": candidate(name, weight_averaging=0.998)
        for name in NETWORKS
        if name.startswith("threes, tail, ")
    },
    # What is averaged here are two readings of an image (benchmarks/shifts.py): training is that of the one above.
    "threes, tail, mild, rate 0.05, averaging 0.998, second reading": replace(
        candidate("threes, tail", rate=0.05, weight_averaging=0.998),
        network=replace(NETWORKS["threes, tail"], second_reading=True),
    ),
}
"""Those of the search for a better one, by name, each with seed 1."""


def deslanted(*channels: int, augmentation: Augmentation = MILD, rate: float = 0.1, twice: bool = True) -> RunConfig:
    """A network in the shape of steps 6 and 7 that sees deslanted images, and reads each once or twice."""
    first, second, third, fourth, fifth, sixth = channels
    network = shape_of_threes((first, second, third, fourth, fifth, sixth))
    return replace(
        candidate(augmentation=augmentation, rate=rate, weight_averaging=0.998),
        network=replace(network, second_reading=twice, deslant=True),
    )


UPRIGHT = replace(MILD, shear=0.0)
"""Nothing slants the images that were deslanted."""

DESLANTED: Mapping[str, RunConfig] = {
    "deslanted, as Beyond was": deslanted(8, 12, 16, 16, 16, 16, rate=0.05),  # 9,904 parameters
    "deslanted, rate 0.1": deslanted(8, 12, 16, 16, 16, 16),
    "deslanted, no shear": deslanted(8, 12, 16, 16, 16, 16, augmentation=UPRIGHT, rate=0.05),
    "deslanted, wider head": deslanted(8, 16, 14, 16, 16, 14, rate=0.05),  # 9,884
    "deslanted, wider head, no shear": deslanted(8, 16, 14, 16, 16, 14, augmentation=UPRIGHT, rate=0.05),
    "deslanted, 8-8-11-11-11-11": deslanted(8, 8, 11, 11, 11, 11),  # 4,937
    "deslanted, 6-8-10-10-10-10": deslanted(6, 8, 10, 10, 10, 10),  # 4,114
    "deslanted, 6-8-9-9-9-9": deslanted(6, 8, 9, 9, 9, 9),  # 3,511
    "deslanted, 6-8-10-10-10-10, no shear": deslanted(6, 8, 10, 10, 10, 10, augmentation=UPRIGHT),
    "deslanted, 6-10-9-9-9-9, no shear": deslanted(6, 10, 9, 9, 9, 9, augmentation=UPRIGHT),  # 3,785
    "deslanted, 6-8-10-10-9-8, no shear": deslanted(6, 8, 10, 10, 9, 8, augmentation=UPRIGHT),  # 3,746
    "deslanted, 6-8-9-9-9-9, no shear": deslanted(6, 8, 9, 9, 9, 9, augmentation=UPRIGHT),
    "deslanted, 6-8-8-8-8-8": deslanted(6, 8, 8, 8, 8, 8),  # 2,962
    "deslanted, 6-8-7-7-7-7": deslanted(6, 8, 7, 7, 7, 7),  # 2,467
    "deslanted, 4-6-7-7-7-7": deslanted(4, 6, 7, 7, 7, 7),
}
"""Those of the search with deslanted images, for Beyond and for the smallest that still reads 99.40 %, by name."""
