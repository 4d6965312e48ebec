"""Hypothesis strategies: any layers, any network that can be built, any config."""

from typing import get_args

from hypothesis import assume
from hypothesis import strategies as st

from lab.config import EngineChoice, RunConfig
from lab.layers import total_macs
from lab.network_config import Biases, LayerKind, LayerSpec, NetworkConfig, linear
from lab.training_config import Augmentation, Optimizer, Schedule


@st.composite
def layer_specs(draw: st.DrawFn) -> LayerSpec:
    """Any layer that may stand anywhere and can be described, whether it fits there or not."""
    kind: LayerKind = draw(st.sampled_from([kind for kind in get_args(LayerKind) if kind != "linear"]))
    kernel, stride = draw(st.integers(1, 28)), draw(st.integers(1, 28))
    if kind == "conv":
        channels, padding = draw(st.integers(1, 1024)), draw(st.integers(0, 14))
        return LayerSpec(kind=kind, kernel=kernel, stride=stride, padding=padding, channels=channels)
    return LayerSpec(kind=kind, kernel=kernel, stride=stride, padding=draw(st.integers(0, min(14, kernel // 2))))


@st.composite
def layer_lists(draw: st.DrawFn) -> tuple[LayerSpec, ...]:
    """1 to 40 layers, the last of which may be linear."""
    last = draw(st.just(linear()) | layer_specs())
    return (*draw(st.lists(layer_specs(), max_size=39)), last)


POOLINGS: tuple[LayerKind, ...] = ("max_pool", "average_pool")
MOST_MACS = 200_000
"""Of a network drawn, times the square of its most channels: a test of it takes milliseconds."""


@st.composite
def possible_networks(draw: st.DrawFn, without_holes: bool = False, most_channels: int = 4) -> NetworkConfig:
    """A network that can be built: every kernel fits its map, and the last convolution has ten channels, or a linear
    layer stands at the end. Half of its sizes are people's, half are any that the editor takes.

    `without_holes`: no stride exceeds its kernel and no padding reaches it, so that what a unit sees is a full square.
    """
    layers: list[LayerSpec] = []
    side, count = 28, draw(st.integers(1, 6))
    last_conv = draw(st.integers(0, count - 1))
    end = draw(st.sampled_from([(), (linear(),)]))
    for index in range(count):
        is_conv = index == last_conv or (index < last_conv and draw(st.booleans()))
        kind: LayerKind = "conv" if is_conv else draw(st.sampled_from(POOLINGS))
        kernel = draw(_sizes(1, 7, min(side + 2 * 14, 28)))
        needed = max(0, -((side - kernel) // 2))  # padding that makes the kernel fit
        most = (min(kernel - 1, 14) if without_holes else 14) if is_conv else kernel // 2
        padding = draw(_sizes(needed, 3, most))
        stride = draw(_sizes(1, 4, kernel if without_holes else 28))
        scores = index == last_conv and not end
        channels = (10 if scores else draw(st.integers(1, most_channels))) if is_conv else None
        layers.append(LayerSpec(kind=kind, kernel=kernel, stride=stride, padding=padding, channels=channels))
        side = (side + 2 * padding - kernel) // stride + 1
    dropout = draw(st.sampled_from([0.0, 0.25]))
    batch_norm, bias = draw(st.booleans()), draw(st.sampled_from(get_args(Biases)))
    network = NetworkConfig(layers=(*layers, *end), batch_norm=batch_norm, dropout=dropout, bias=bias)
    assume(total_macs(network) <= MOST_MACS * most_channels**2)
    return network


def _sizes(least: int, usual: int, most: int) -> st.SearchStrategy[int]:
    """Any from the least to the most; every other one at most as large as is usual, where that is possible."""
    return st.integers(least, max(least, min(usual, most))) | st.integers(least, most)


def _numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


augmentations = st.builds(
    Augmentation,
    rotation=_numbers(0, 180),
    shift=_numbers(0, 14),
    scale=_numbers(0, 0.5),
    shear=_numbers(0, 45),
    pen=_numbers(0, 1),
    interpolation=st.sampled_from(["nearest", "bilinear"]),
)

run_configs = st.builds(
    RunConfig,
    network=st.builds(
        NetworkConfig,
        layers=layer_lists(),
        batch_norm=st.booleans(),
        dropout=_numbers(0, 0.9),
        bias=st.sampled_from(get_args(Biases)),
        second_reading=st.booleans(),
        deslant=st.booleans(),
    ),
    augmentation=augmentations,
    optimizer=st.builds(
        Optimizer,
        kind=st.sampled_from(["sgd", "adamw"]),
        learning_rate=_numbers(1e-6, 10),
        momentum=_numbers(0, 0.999),
        weight_decay=_numbers(0, 1),
    ),
    schedule=st.builds(
        Schedule,
        kind=st.sampled_from(["none", "step", "cosine", "one_cycle"]),
        step_size=st.integers(1, 200),
        gamma=_numbers(1e-4, 1),
        warmup=_numbers(0.01, 0.99),
    ),
    epochs=st.integers(1, 200),
    batch_size=st.integers(1, 10_000),
    label_smoothing=_numbers(0, 0.3),
    weight_averaging=_numbers(0, 0.9999),
    seed=st.integers(0, 2**32 - 1),
    device=st.sampled_from(["auto", "cpu", "cuda", "mps"]),
    precision=st.sampled_from(["float32", "bfloat16"]),
    engine=st.sampled_from(get_args(EngineChoice)),
    evaluate_on=st.sampled_from(["test", "validation"]),
    training_images=st.integers(1, 60_000),
    measure_training=st.booleans(),
)
"""Any config that may be written down; not every one of its networks can be built."""
